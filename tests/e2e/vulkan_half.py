"""vulkan_half.py FOLDER: the kernels of spirv-f16, which multiply 4- and 8-bit weights in f16, on lavapipe, without a message of
the Khronos validation layer. Their logits, by prefill and step by step, are near those of spirv-f32, which multiplies the same
weights in f32; as near to the published implementation's as these are; the likeliest token is the same at every position, and
so are greedy tokens.

Skips (exit code 77) where lavapipe or the layer is not installed."""
import json
import math
import sys

from bundles import largest_difference, read_npy, read_safetensors, shared, sinter, temporary_folder
from vulkan_driver import vulkan

# Of the logits' standard deviation: root mean square and largest. Inputs that are f16 alone cost half of it
# (docs/measurements/vulkan.md, "Matrices of subgroups").
ROOT, LARGEST = 4e-3, 2.5e-2

name = sys.argv[1]
on_device = vulkan("lavapipe")
folder = shared(f"reference/{name}")
facts = json.loads((folder / "expected.json").read_text())
(positions, words), expected = read_safetensors(folder / "expected.safetensors")["logits"]
tokens, std = facts["tokens"], facts["logit_std"]
listed = lambda ids: ",".join(map(str, ids))


def distance(a, b):
    return math.sqrt(sum((x - y) ** 2 for x, y in zip(a, b, strict=True)) / len(a)) / std


def likeliest(logits):
    rows = [logits[words * t : words * (t + 1)] for t in range(positions)]
    return [max(range(words), key=row.__getitem__) for row in rows]


with temporary_folder() as scratch:
    for scheme in ("q8", "q4"):
        bundle = f"{scratch}/{scheme}"
        sinter("compile", folder, "-q", scheme, "--target", "vulkan", "--variants", "spirv-f16,spirv-f32", "-o", bundle, "--quiet")

        def on(variant, command, *flags):
            return on_device(command, bundle, "--device", "vulkan", "--variant", variant, *flags)

        def logits(variant, *flags):
            on(variant, "logits", "--tokens", listed(tokens), "-o", f"{scratch}/logits.npy", *flags)
            return read_npy(f"{scratch}/logits.npy")[1]

        def greedy(variant):
            prompt = listed(tokens[: facts["prompt_length"]])
            return json.loads(on(variant, "run", "--tokens", prompt, "-n", len(facts["greedy"]), "--temp", 0, "--ignore-eos",
                                 "--json"))["tokens"]

        for way, flags in (("prefill", []), ("stepwise", ["--stepwise"])):
            half, single = logits("spirv-f16", *flags), logits("spirv-f32", *flags)
            root, largest = distance(half, single), largest_difference(half, single) / std
            print(f"{name} {scheme} {way}: {root:.1e} of std from spirv-f32, at most {largest:.1e}; "
                  f"from the publisher {distance(half, expected):.4f}, spirv-f32 {distance(single, expected):.4f}")
            assert 1e-5 < root <= ROOT and largest <= LARGEST, "not the arithmetic that this test is for"
            assert distance(half, expected) <= 1.02 * distance(single, expected)
            assert likeliest(half) == likeliest(single), "another token is likeliest"
        assert greedy("spirv-f16") == greedy("spirv-f32"), f"{scheme}: greedy tokens differ"
