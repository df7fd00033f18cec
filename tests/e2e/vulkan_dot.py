"""vulkan_dot.py VARIANT: the kernels of spirv-dot, which multiply bytes, on a Vulkan software device; or those of a variant
that is made by name, like spirv-coop8-s8, whose prefill multiplies matrices of bytes. With 4- and 8-bit weights their
logits are those of the CPU's kernels, whose inputs are quantized alike. Prefill rounds as the CPU's x86-64-v2 does, neither
with fused products, and so quantizes every input to the same byte: what is left is the order of f32 sums. Decoding sums its
norms in another order; one number that rounds the other way then moves many others of the layers behind it, as it does
between instruction sets, so that the nearer of two must be much nearer than kernels with f32 inputs are. By root mean
square. With f32 weights the variant is as exact as the others.

Skips (exit code 77) where lavapipe is not installed, or lacks what the variant needs."""
import json
import math
import os
import subprocess
import sys
from pathlib import Path

from bundles import SINTER, largest_difference, read_npy, read_safetensors, shared, sinter, skip, temporary_folder

VARIANT = sys.argv[1]
CPU = "x86-64-v2"
ICD = "/usr/share/vulkan/icd.d/lvp_icd.x86_64.json"
EXACT = 5e-4  # of the logits' standard deviation: f32 weights, as in vulkan_agreement.py
ROUNDING = 1e-5  # the same; a byte that differs gives 5e-3 and more
UNSUPPORTED = 3  # exit code: the device lacks a feature of the variant

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
    command = [SINTER, "logits", bundle, "--tokens", tokens, "-o", file, *flags]
    done = subprocess.run(command, env=environment, stderr=subprocess.PIPE, text=True)
    if done.returncode == UNSUPPORTED and VARIANT in flags:
        skip(done.stderr.strip())
    assert done.returncode == 0, done.stderr
    return read_npy(file)[1]


with temporary_folder() as scratch:
    for scheme, flags in (("f32", []), ("q8", []), ("q4", []), ("q4", ["--stepwise"])):
        bundle = f"{scratch}/{scheme}"
        if not Path(bundle).exists():
            sinter("compile", folder, "-q", scheme, "--target", "cpu,vulkan", "--variants", f"native,{CPU},spirv-soft,{VARIANT}",
                   "-o", bundle, "--quiet")
        on = lambda device, *more: logits(bundle, f"{scratch}/logits.npy", "--device", device, *flags, *more)
        dot = on("vulkan", "--variant", VARIANT)
        if scheme == "f32":
            apart = largest_difference(dot, expected[1]) / std
            print(f"f32: {apart:.2e} of std from the reference")
            assert apart <= EXACT, apart
            continue
        unfused = distance(dot, on("cpu", "--variant", CPU))
        if not flags:
            print(f"{scheme}: {unfused:.2e} of std from the CPU's {CPU}")
            assert unfused <= ROUNDING, unfused
            continue
        best = on("cpu")
        nearer, further = min(unfused, distance(dot, best)), distance(on("vulkan", "--variant", "spirv-soft"), best)
        print(f"{scheme} step by step: {nearer:.2e} of std from the CPU, with f32 inputs {further:.2e}")
        assert nearer < further / 2, (nearer, further)
