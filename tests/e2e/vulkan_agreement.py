"""vulkan_agreement.py FOLDER DRIVER: -q f32 logits and greedy tokens of a reference model on a Vulkan software device agree
with the published implementation's, without a message of the Khronos validation layer. DRIVER: lavapipe or swiftshader.

Skips (exit code 77) where the driver or the layer is not installed."""
import json
import shutil
import sys
from pathlib import Path

from bundles import largest_difference, read_npy, read_safetensors, run_tool, shared, sinter, temporary_folder
from vulkan_driver import vulkan

TOLERANCE = 5e-4  # of the logits' standard deviation

on_device = vulkan(sys.argv[2])
folder = shared(f"reference/{sys.argv[1]}")
facts = json.loads((folder / "expected.json").read_text())
expected = read_safetensors(folder / "expected.safetensors")
tokens, std = facts["tokens"], facts["logit_std"]
listed = lambda ids: ",".join(map(str, ids))

with temporary_folder() as scratch:
    bundle = f"{scratch}/bundle"
    sinter("compile", folder, "-q", "f32", "--target", "vulkan", "-o", bundle, "--quiet", "--dump-ir", f"{scratch}/ir")
    modules = list(Path(scratch, "ir").rglob("*.spv"))
    assert modules, "no SPIR-V was dumped"
    for module in modules if shutil.which("spirv-val") else []:
        run_tool("spirv-val", "--target-env", "vulkan1.2", module)
    for path in ([], ["--stepwise"]):
        on_device("logits", bundle, "--device", "vulkan", "--tokens", listed(tokens), "-o", f"{scratch}/logits.npy",
                  *path)
        shape, logits = read_npy(f"{scratch}/logits.npy")
        assert shape == expected["logits"][0], (shape, expected["logits"][0])
        difference = largest_difference(logits, expected["logits"][1]) / std
        print(f"{sys.argv[1]} {sys.argv[2]} {' '.join(path) or 'prefill'}: {difference:.2e} of std")
        assert difference <= TOLERANCE, f"logits differ by {difference:.2e} of std"
    prompt = tokens[: facts["prompt_length"]]
    reply = json.loads(on_device("run", bundle, "--tokens", listed(prompt), "-n", len(facts["greedy"]), "--temp", 0,
                                 "--ignore-eos", "--json"))
    assert reply["tokens"] == facts["greedy"], f"greedy tokens differ:\n{reply['tokens']}\n{facts['greedy']}"
