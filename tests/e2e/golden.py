"""golden.py [vulkan]: a bundle for browsers or GPUs carries logits of a fixed prompt. They are those of the bundle's weights (the native kernels
agree, the ones of another model do not) and do not depend on what else the bundle is compiled for. `verify` compares them with what devices compute."""
import hashlib
import json
import os
import pathlib
import subprocess
import sys

from bundles import ROOT, SINTER, read_npy, sinter, skip, temporary_folder, write_manifest

MODEL = ROOT / "examples/tales/model"
LAVAPIPE = pathlib.Path("/usr/share/vulkan/icd.d/lvp_icd.x86_64.json")


def verify(bundle, *flags, driver=LAVAPIPE):
    """Exit code, what is said, the comparisons."""
    done = subprocess.run([SINTER, "verify", bundle, "--json", *flags], capture_output=True, text=True, check=False,
                          env=dict(os.environ, VK_ICD_FILENAMES=str(driver)))
    return done.returncode, done.stderr, json.loads(done.stdout)["golden"] if done.stdout else []


def change(bundle, golden):
    """Writes other golden logits, as if the compiler had."""
    text = json.dumps(golden).encode()
    (bundle / "golden.json").write_bytes(text)
    manifest = json.loads((bundle / "manifest.json").read_text())
    for file in manifest["files"]:
        if file["path"] == "golden.json":
            file.update(size=len(text), sha256=hashlib.sha256(text).hexdigest())
    write_manifest(bundle, manifest)


def on_vulkan():
    """A bundle for Vulkan alone: made by CPU kernels that are not in it, compared on lavapipe."""
    if not LAVAPIPE.exists():
        skip(f"{LAVAPIPE} is missing")
    with temporary_folder() as scratch:
        alone, both = pathlib.Path(scratch, "alone"), pathlib.Path(scratch, "both")
        sinter("compile", MODEL, "--target", "vulkan", "--variants", "spirv-soft", "-q", "q4", "-o", alone, "--quiet")
        sinter("compile", MODEL, "--target", "cpu,vulkan", "--variants", "spirv-soft,avx2,x86-64-v2", "-q", "q4", "-o", both, "--quiet")
        assert not (alone / "plan.fb").exists() and not (alone / "kernels/cpu").exists(), "the CPU's kernels are in the bundle"
        assert (alone / "golden.json").read_text() == (both / "golden.json").read_text(), "golden logits depend on the targets"
        code, _, [found] = verify(alone)
        assert code == 0 and found["variant"] == "spirv-soft" and 0 < found["difference"] < 0.1, (code, found)
        code, _, found = verify(both)
        assert code == 0 and [one["device"] for one in found] == ["cpu", "vulkan"], (code, found)
        assert [one["device"] for one in verify(both, "--device", "vulkan")[2]] == ["vulkan"]
        code, said, found = verify(alone, driver="/nowhere.json")
        assert code == 0 and not found and "not compared on vulkan" in said, (code, said)
        assert verify(alone, "--device", "vulkan", driver="/nowhere.json")[0] == 3
        golden = json.loads((alone / "golden.json").read_text())
        change(alone, dict(golden, logits=[golden["logits"][0] + golden["deviation"] / 2, *golden["logits"][1:]]))
        code, said, _ = verify(alone)
        assert code == 5 and "vulkan (spirv-soft" in said and "computes wrong logits" in said, (code, said)
        change(alone, dict(golden, ids=golden["ids"][1:]))
        assert verify(alone)[0] == 5
        change(alone, dict(golden, tokens=[1 << 30]))
        assert "not in the vocabulary" in verify(alone)[1]


def in_browsers():
    with temporary_folder() as scratch:
        scratch = pathlib.Path(scratch)
        sinter_or_skip("compile", MODEL, "--target", "wasm", "-q", "q4", "-o", scratch / "wasm", "--quiet")
        sinter("compile", MODEL, "--target", "wasm,cpu", "-q", "q4", "-o", scratch / "both", "--quiet")
        text = (scratch / "wasm/golden.json").read_text()
        assert text == (scratch / "both/golden.json").read_text(), "golden logits depend on the targets"
        golden = json.loads(text)
        tokens = ",".join(map(str, golden["tokens"]))
        sinter("logits", scratch / "both", "--tokens", tokens, "-o", scratch / "logits.npy", "--quiet")
        _, logits = read_npy(scratch / "logits.npy")
        vocabulary = len(logits) // len(golden["tokens"])
        last = logits[-vocabulary:]
        assert max(range(vocabulary), key=last.__getitem__) == golden["likeliest"]
        worst = max(abs(last[i] - x) for i, x in zip(golden["ids"], golden["logits"])) / golden["deviation"]
        assert worst < 0.05, f"golden logits are {worst} deviations from the bundle's"
        sinter("verify", scratch / "wasm", "--quiet")
        print(f"{len(golden['ids'])} logits, {worst:.1e} deviations from the machine's best kernels")


def sinter_or_skip(*arguments):
    try:
        return sinter(*arguments)
    except SystemExit as error:
        if "built without the web library" in str(error):
            skip("this build has no web library")
        raise


if __name__ == "__main__":
    on_vulkan() if sys.argv[1:] == ["vulkan"] else in_browsers()
