"""vulkan_dot.py: the kernels of spirv-dot, which multiply bytes, on a Vulkan software device. With 4- and 8-bit weights
their logits are those of the CPU's kernels, whose inputs are quantized alike. One number that rounds the other way moves
many others of the layers behind it, as it does between instruction sets with and without fused multiply-add; so the
nearer of two counts, by root mean square, and must be much nearer than kernels with f32 inputs are. With f32 weights the
variant is as exact as the others.

Skips (exit code 77) where lavapipe is not installed."""
import json
import math
import os
import subprocess
from pathlib import Path

from bundles import SINTER, largest_difference, read_npy, read_safetensors, shared, sinter, skip, temporary_folder

ICD = "/usr/share/vulkan/icd.d/lvp_icd.x86_64.json"
EXACT = 5e-4  # of the logits' standard deviation: f32 weights, as in vulkan_agreement.py

if not Path(ICD).exists():
    skip(f"{ICD} is missing")
folder = shared("reference/llama")
facts = json.loads((folder / "expected.json").read_text())
expected = read_safetensors(folder / "expected.safetensors")["logits"]
tokens, std = ",".join(map(str, facts["tokens"])), facts["logit_std"]


def distance(a, b):
    return math.sqrt(sum((x - y) ** 2 for x, y in zip(a, b, strict=True)) / len(a)) / std


def logits(bundle, file, *flags):
    environment = dict(os.environ, VK_ICD_FILENAMES=ICD)
    subprocess.run([SINTER, "logits", bundle, "--tokens", tokens, "-o", file, *flags], env=environment, check=True)
    return read_npy(file)[1]


with temporary_folder() as scratch:
    for scheme, flags in (("f32", []), ("q8", []), ("q4", ["--stepwise"])):
        bundle = f"{scratch}/{scheme}"
        sinter("compile", folder, "-q", scheme, "--target", "cpu,vulkan", "-o", bundle, "--quiet")
        on = lambda device, *more: logits(bundle, f"{scratch}/logits.npy", "--device", device, *flags, *more)
        dot = on("vulkan", "--variant", "spirv-dot")
        if scheme == "f32":
            apart = largest_difference(dot, expected[1]) / std
            print(f"f32: {apart:.2e} of std from the reference")
            assert apart <= EXACT, apart
            continue
        cpu = [on("cpu", *more) for more in ([], ["--variant", "x86-64-v2"])]
        apart = [distance(dot, each) for each in cpu]
        further = distance(on("vulkan", "--variant", "spirv-soft"), cpu[0])
        print(f"{scheme} {' '.join(flags)}: {apart[0]:.2e} of std from the CPU, {apart[1]:.2e} from its x86-64-v2, "
              f"with f32 inputs {further:.2e}")
        assert min(apart) < further / 2, (apart, further)
