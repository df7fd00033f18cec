"""vulkan_dot.py: the kernels of spirv-dot, which multiply bytes, on a Vulkan software device. With 4- and 8-bit weights
their logits are those of the CPU's kernels, whose inputs are quantized alike, up to a number here and there that rounds
the other way; kernels with f32 inputs are further away. With f32 weights the variant is as exact as the others.

Skips (exit code 77) where lavapipe is not installed."""
import json
import os
import subprocess
from pathlib import Path

from bundles import SINTER, largest_difference, read_npy, read_safetensors, shared, sinter, skip, temporary_folder

ICD = "/usr/share/vulkan/icd.d/lvp_icd.x86_64.json"
EXACT = 5e-4  # of the logits' standard deviation: f32 weights, as in vulkan_agreement.py
ROUNDED = 1e-2  # a few inputs of a few hundred that are off by one of 127 steps

if not Path(ICD).exists():
    skip(f"{ICD} is missing")
folder = shared("reference/llama")
facts = json.loads((folder / "expected.json").read_text())
expected = read_safetensors(folder / "expected.safetensors")["logits"]
tokens, std = ",".join(map(str, facts["tokens"])), facts["logit_std"]


def logits(bundle, file, *flags):
    environment = dict(os.environ, VK_ICD_FILENAMES=ICD)
    subprocess.run([SINTER, "logits", bundle, "--tokens", tokens, "-o", file, *flags], env=environment, check=True)
    return read_npy(file)[1]


with temporary_folder() as scratch:
    for scheme in ("f32", "q8", "q4"):
        bundle = f"{scratch}/{scheme}"
        sinter("compile", folder, "-q", scheme, "--target", "cpu,vulkan", "-o", bundle, "--quiet")
        for flags in ([], ["--stepwise"]):
            on = lambda *device: logits(bundle, f"{scratch}/logits.npy", *flags, *device)
            dot = on("--device", "vulkan", "--variant", "spirv-dot")
            if scheme == "f32":
                apart = largest_difference(dot, expected[1]) / std
                print(f"f32 {' '.join(flags)}: {apart:.2e} of std from the reference")
                assert apart <= EXACT, apart
                continue
            cpu = on("--device", "cpu")
            plain = on("--device", "vulkan", "--variant", "spirv-soft")
            apart, further = (largest_difference(x, cpu) / std for x in (dot, plain))
            print(f"{scheme} {' '.join(flags)}: {apart:.2e} of std from the CPU, with f32 inputs {further:.2e}")
            assert apart <= ROUNDED and apart < further / 2, (apart, further)
