"""vulkan_half.py FOLDER: the kernels of spirv-f16, which multiply 4- and 8-bit weights in f16, on lavapipe, without a message of
the Khronos validation layer. Their logits, by prefill and step by step, are near those of spirv-f32, which multiplies the same
weights in f32, and as near to the published implementation's as these are. The likeliest tokens of all positions and greedy ones
are the same until two are as good as equally likely. With f32 weights the variant is as exact as the others.

Skips (exit code 77) where lavapipe or the layer is not installed."""
import json
import math
import sys

from bundles import largest_difference, read_npy, read_safetensors, shared, sinter, temporary_folder
from vulkan_driver import vulkan

EXACT = 5e-4  # of the logits' standard deviation: f32 weights, as in vulkan_agreement.py
# Of the same: root mean square, largest, and a lead of the best token that may be lost. Inputs that
# are f16 alone cost half of it (docs/measurements/vulkan.md, "Matrices of subgroups").
ROOT, LARGEST, LEAD = 5e-3, 3e-2, 1e-2

name = sys.argv[1]
on_device = vulkan("lavapipe")
folder = shared(f"reference/{name}")
facts = json.loads((folder / "expected.json").read_text())
(positions, words), expected = read_safetensors(folder / "expected.safetensors")["logits"]
tokens, prompt, std = facts["tokens"], facts["tokens"][: facts["prompt_length"]], facts["logit_std"]
listed = lambda ids: ",".join(map(str, ids))


def distance(a, b):
    return math.sqrt(sum((x - y) ** 2 for x, y in zip(a, b, strict=True)) / len(a)) / std


def lost_leads(other, logits):
    """Of the positions where another token is likeliest: by how much it is behind in `logits`, in standard deviations."""
    rows = lambda all_rows: (all_rows[words * t : words * (t + 1)] for t in range(positions))
    leads = (max(row) - row[max(range(words), key=changed.__getitem__)] for row, changed in zip(rows(logits), rows(other)))
    return [lead / std for lead in leads if lead > 0]


with temporary_folder() as scratch:
    for scheme in ("f32", "q8", "q4"):
        bundle = f"{scratch}/{scheme}"
        sinter("compile", folder, "-q", scheme, "--target", "vulkan", "--variants", "spirv-f16,spirv-f32", "-o", bundle, "--quiet")

        def on(variant, command, *flags):
            return on_device(command, bundle, "--device", "vulkan", "--variant", variant, *flags)

        def logits(variant, ids, *flags):
            on(variant, "logits", "--tokens", listed(ids), "-o", f"{scratch}/logits.npy", *flags)
            return read_npy(f"{scratch}/logits.npy")[1]

        def greedy(variant):
            return json.loads(on(variant, "run", "--tokens", listed(prompt), "-n", len(facts["greedy"]), "--temp", 0,
                                 "--ignore-eos", "--json"))["tokens"]

        for way, flags in (("prefill", []), ("stepwise", ["--stepwise"])):
            if scheme == "f32":
                apart = largest_difference(logits("spirv-f16", tokens, *flags), expected) / std
                print(f"{name} f32 {way}: {apart:.1e} of std from the publisher")
                assert apart <= EXACT, "logits differ"
                continue
            half, single = logits("spirv-f16", tokens, *flags), logits("spirv-f32", tokens, *flags)
            root, largest = distance(half, single), largest_difference(half, single) / std
            print(f"{name} {scheme} {way}: {root:.1e} of std from spirv-f32, at most {largest:.1e}; "
                  f"from the publisher {distance(half, expected):.4f}, spirv-f32 {distance(single, expected):.4f}; "
                  f"leads lost: {lost_leads(half, single)}")
            assert root > 1e-5, "that is not f16"
            assert root <= ROOT and largest <= LARGEST, "logits differ"
            assert distance(half, expected) <= 1.05 * distance(single, expected)
            assert max(lost_leads(half, single), default=0) <= LEAD, "another token is likeliest"
        half, single = greedy("spirv-f16"), facts["greedy"] if scheme == "f32" else greedy("spirv-f32")
        same = next((i for i, (a, b) in enumerate(zip(half, single, strict=True)) if a != b), len(single))
        print(f"{name} {scheme}: {same} of {len(single)} greedy tokens")
        if same < len(single):
            assert scheme != "f32", "greedy tokens differ"
            last = logits("spirv-f32", prompt + single[:same])[-words:]
            lead = (last[single[same]] - last[half[same]]) / std
            print(f"then one is ahead by {lead:.1e} of std")
            assert lead <= LEAD, "greedy tokens differ"
