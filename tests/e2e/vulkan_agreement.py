"""vulkan_agreement.py FOLDER WORK DRIVER [VARIANT]: -q f32 logits and greedy tokens of a reference model on a Vulkan software device
agree with the published implementation's, without a message of the Khronos validation layer. WORK has the bundle
(agreement_bundle.py) and gets what was measured; DRIVER: lavapipe, which also runs spirv-val over the modules of every
variant, or swiftshader. With a VARIANT, that one instead of what the device chooses; the measured is printed only.

Skips (exit code 77) where the driver or the layer is not installed."""
import json
import shutil
import struct
import subprocess
import sys
from pathlib import Path

from bundles import (agreement_file, largest_difference, read_npy, read_safetensors, run_tool, shared, skip,
                     temporary_folder, write_agreement)
from vulkan_driver import vulkan

TOLERANCE = 5e-4  # of the logits' standard deviation

name, work, driver, *variant = sys.argv[1], Path(sys.argv[2]), *sys.argv[3:]
chosen = ["--device", "vulkan", *(flag for name in variant for flag in ("--variant", name))]
bundle = work / "bundle"
on_device = vulkan(driver)
folder = shared(f"reference/{name}")
if not bundle.exists():
    skip(f"{bundle} is not there")
facts = json.loads((folder / "expected.json").read_text())
expected = read_safetensors(folder / "expected.safetensors")
tokens, std = facts["tokens"], facts["logit_std"]
listed = lambda ids: ",".join(map(str, ids))


def modules(pack):
    """The SPIR-V modules of a .spvpack (docs/vulkan.md)."""
    words = pack.read_bytes()
    magic, _, count, _ = struct.unpack_from("<4sIII", words)
    assert magic == b"SNSV" and count, pack
    for index in range(count):
        first, length = struct.unpack_from("<II", words, 4 * (12 + 6 * index))
        yield words[4 * first : 4 * (first + length)]


def knows_no_matrices(module):
    """Whether spirv-val is older than CooperativeMatrixKHR, as Debian 12's 2023.1 is."""
    answer = subprocess.run(["spirv-val", module], capture_output=True, text=True)
    return "Invalid capability operand: 6022" in answer.stderr + answer.stdout


results = agreement_file(work, f"vulkan-{driver}")
with temporary_folder() as scratch:
    if driver == "lavapipe" and shutil.which("spirv-val"):
        packs = sorted((bundle / "kernels/vulkan").glob("*.spvpack"))
        assert packs, "the bundle has no SPIR-V"
        unknown = 0
        for module in {module for pack in packs for module in modules(pack)}:
            Path(scratch, "module.spv").write_bytes(module)
            if b"SPV_KHR_cooperative_matrix" in module and knows_no_matrices(f"{scratch}/module.spv"):
                unknown += 1
            else:
                run_tool("spirv-val", "--target-env", "vulkan1.2", f"{scratch}/module.spv")
        if unknown:
            print(f"{unknown} modules with cooperative matrices not validated: this spirv-val does not know them")
    measured = {"variant": driver}
    for way, flags in (("prefill", []), ("stepwise", ["--stepwise"])):
        on_device("logits", bundle, *chosen, "--tokens", listed(tokens), "-o", f"{scratch}/logits.npy",
                  *flags)
        shape, logits = read_npy(f"{scratch}/logits.npy")
        assert shape == expected["logits"][0], (shape, expected["logits"][0])
        measured[way] = largest_difference(logits, expected["logits"][1]) / std
        print(f"{name} {driver} {' '.join(variant)} {way}: {measured[way]:.2e} of std")
    prompt = tokens[: facts["prompt_length"]]
    reply = json.loads(on_device("run", bundle, *chosen, "--tokens", listed(prompt), "-n",
                                 len(facts["greedy"]), "--temp", 0, "--ignore-eos", "--json"))
    measured["greedy"] = reply["tokens"] == facts["greedy"]
if not variant:
    write_agreement(results, [measured])
worst = max(measured["prefill"], measured["stepwise"])
assert worst <= TOLERANCE, f"logits differ by {worst:.2e} of std"
assert measured["greedy"], "greedy tokens differ"
