"""tune.py: `sinter tune` measures on the CPU and on lavapipe and writes a file that `compile --tuning` takes: the same file gives the same bytes, and
kernels with other schedules compute the same logits. A bundle gives the file that its model gives. Files that are wrong, or for something else, are
refused with the place."""
import json
import os
import pathlib
import shutil
import subprocess

from bundles import ROOT, SINTER, largest_difference, read_npy, run_tool, sinter, temporary_folder, write_manifest

MODEL = ROOT / "examples/tales/model"
LAVAPIPE = pathlib.Path("/usr/share/vulkan/icd.d/lvp_icd.x86_64.json")
ENVIRONMENT = dict(os.environ, VK_ICD_FILENAMES=str(LAVAPIPE))
TOKENS = "1,5,9,200,31,77,4,8,15,16,23,42,108,3,2,64,256,512,7"
# Schedules that no device would choose, so that something differs.
UNUSUAL = {"grid_decode": {"lane_panels": 16, "group": 32}, "grid_prefill": {"lane_panels": 4, "lane_tokens": 1, "group": 64},
           "grid_attention_decode": {"group_heads": 2}, "linear_gemv": {"unroll": 4, "prefetch_bytes": 512}, "linear_gemm": {"tokens": 2}}


def write(path, value):
    pathlib.Path(path).write_text(json.dumps(value))
    return path


def tune(scratch, device, kernels, source=MODEL):
    """The file for the kernels whose ids contain a text."""
    out = f"{scratch}/{device}-{kernels}.json"
    run_tool(SINTER, "tune", source, "--device", device, "--kernels", kernels, "--seconds", 0.02, "-o", out, "--quiet", env=ENVIRONMENT)
    found = json.loads(pathlib.Path(out).read_text())
    assert (found["format"], found["version"], found["target"]) == ("sinter-tuning", 1, device), found
    assert found["device"] and found["variant"], found
    for kernel in found["kernels"]:
        assert kernels in kernel["id"] and kernel["candidates"] > 2, kernel
        assert 0 < kernel["seconds"] <= kernel["default_seconds"] < 10, kernel
        assert set(kernel["schedule"]) <= set(kernel["default"]), kernel
    assert found["kernels"], out
    return found


def files_of(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(pathlib.Path(folder).rglob("*")) if path.is_file()}


def logits(bundle, device, scratch, *path):
    run_tool(SINTER, "logits", bundle, "--device", device, "--tokens", TOKENS, "-o", f"{scratch}/logits.npy", *path, env=ENVIRONMENT)
    return read_npy(f"{scratch}/logits.npy")[1]


def check_bundle(scratch, device, bundle, of_model):
    """A bundle's kernels are its model's: equal but for what was measured."""
    kernels = of_model["kernels"][0]["id"]
    found = tune(scratch, device, kernels, bundle)

    def facts(tuning):
        same = {key: tuning[key] for key in ("format", "version", "device", "target", "variant")}
        return same, [{key: kernel[key] for key in ("id", "family", "default")} for kernel in tuning["kernels"]]

    assert facts(found) == facts(of_model), (found, of_model)
    sinter("compile", MODEL, "--target", device, "--stop-after", "kernels", "--dump-ir", f"{scratch}/ir", "--tuning", write(f"{scratch}/bundle.json", found))


def check_bad_bundles(scratch, bundle):
    """A bundle without regions, with others than were written, and for something else."""
    bad = pathlib.Path(scratch, "bad-bundle")
    shutil.copytree(bundle, bad, ignore=shutil.ignore_patterns("weights", "lib", "src"))
    command = ("tune", bad, "--device", "cpu", "--kernels", "gemv__quantize__residual_192x192", "--seconds", 0)
    with open(bad / "plan.regions.mlir", "a") as regions:
        regions.write(" ")
    assert "plan.regions.mlir: the bytes are not those" in sinter(*command, code=5)
    manifest = json.loads((bad / "manifest.json").read_text())
    manifest["files"] = [file for file in manifest["files"] if not file["path"].endswith(".mlir")]
    write_manifest(bad, manifest)
    assert "has no plan.regions.mlir" in sinter(*command, code=1)
    assert "no kernels for vulkan" in sinter("tune", bad, "--device", "vulkan", code=3)
    sinter(*command, "--context", 64, code=2)
    text = sinter("inspect", bundle, "--regions")
    assert text == pathlib.Path(bundle, "plan.regions.mlir").read_text() and text == sinter("inspect", MODEL, "--regions"), text


def check_use(scratch, device, variant):
    """Unusual schedules for everything: equal bytes twice, other kernels than without, the same logits."""
    facts = json.loads(sinter("inspect", MODEL, "--device", device, "--json"))
    kernels = [{"id": k["id"], "family": k["family"], "schedule": UNUSUAL[k["family"]]} for k in facts["kernels"] if k["family"] in UNUSUAL]
    # A gate takes two panels at least, and some kernels need others: the file is what a tool could write.
    file = write(f"{scratch}/unusual-{device}.json",
                 {"format": "sinter-tuning", "version": 1, "target": device, "variant": variant, "kernels": kernels})
    plain, once, again = (f"{scratch}/{device}-{name}" for name in ("plain", "once", "again"))
    common = ["compile", MODEL, "--target", device, "--variants", variant, "--name", "tales", "--quiet", "-o"]
    sinter(*common, plain)
    for out in (once, again):
        sinter(*common, out, "--tuning", file)
    assert files_of(once) == files_of(again), "the same tuning file gives other bytes"
    changed = {name for name, data in files_of(plain).items() if files_of(once)[name] != data}
    assert "kernels" in " ".join(changed) and not any(name.startswith(("weights", "plan")) for name in changed), changed
    for path in ([], ["--stepwise"]):
        a, b = logits(plain, device, scratch, *path), logits(once, device, scratch, *path)
        spread = max(a) - min(a)
        assert largest_difference(a, b) < 1e-4 * spread, largest_difference(a, b) / spread


def check_refusals(scratch, good):
    """A file with one thing changed: exit code and what the message names."""
    kernel = good["kernels"][0]

    def refused(change, code, *words, target="cpu"):
        value = json.loads(json.dumps(good))
        change(value)
        text = sinter("compile", MODEL, "--target", target, "--stop-after", "kernels", "--dump-ir", f"{scratch}/ir", "--tuning",
                      write(f"{scratch}/bad.json", value), code=code)
        for word in (*words, "bad.json"):
            assert word in text, (word, text)

    refused(lambda v: v.update(format="other"), 1, "no tuning file")
    refused(lambda v: v.update(version=2), 3, "version 2")
    refused(lambda v: v.pop("kernels"), 1, "'kernels' is missing")
    refused(lambda v: v.update(variant="avx9"), 1, "variant 'avx9'", "does not make")
    refused(lambda v: None, 1, f"variant '{good['variant']}' of target 'cpu'", target="vulkan")
    refused(lambda v: v["kernels"].append(kernel), 1, "has a schedule already")
    refused(lambda v: v["kernels"][0].update(family="linear_gemm"), 1, "is of family linear_gemv here", "tune again")
    refused(lambda v: v["kernels"][0].update(schedule={"unroll": 3}), 1, kernel["id"], "unroll is 3", "takes 1, 2, 4, 8")
    refused(lambda v: v["kernels"][0].update(schedule={"lanes": 1}), 1, "no parameter 'lanes'")
    refused(lambda v: v["kernels"][0].update(schedule={"unroll": "2"}), 1, "kernels[0]", "'unroll' is not a whole number")
    refused(lambda v: [k.update(id=k["id"] + "x") for k in v["kernels"]], 1, "none of its", "another model")
    assert "cannot read" in sinter("compile", MODEL, "--stop-after", "plan", "--tuning", f"{scratch}/none.json", code=1)
    (pathlib.Path(scratch) / "text.json").write_text("{")
    assert "text.json" in sinter("compile", MODEL, "--stop-after", "plan", "--tuning", f"{scratch}/text.json", code=1)
    assert "no kernel that can be tuned" in sinter("tune", MODEL, "--device", "cpu", "--kernels", "nothing", code=1)
    sinter("tune", MODEL, code=2)


def check_elsewhere(scratch, good):
    """A kernel that the model has not is counted, not refused."""
    good["kernels"].append(dict(good["kernels"][0], id="linear_of_another_model"))
    done = subprocess.run([SINTER, "compile", MODEL, "--stop-after", "kernels", "--dump-ir", f"{scratch}/ir", "--tuning",
                           write(f"{scratch}/more.json", good)], capture_output=True, text=True)
    assert done.returncode == 0 and f"{len(good['kernels']) - 1} of its {len(good['kernels'])} kernels" in done.stderr, done.stderr


def main():
    with temporary_folder() as scratch:
        found = tune(scratch, "cpu", "gemv__quantize__residual_192x192")
        check_use(scratch, "cpu", found["variant"])
        check_bundle(scratch, "cpu", f"{scratch}/cpu-plain", found)
        check_bad_bundles(scratch, f"{scratch}/cpu-plain")
        check_refusals(scratch, found)
        check_elsewhere(scratch, found)
        if LAVAPIPE.exists():
            found = tune(scratch, "vulkan", "gemv__residual_192x192")
            assert found["variant"] == "spirv-soft", found
            check_use(scratch, "vulkan", "spirv-soft")
            check_bundle(scratch, "vulkan", f"{scratch}/vulkan-plain", found)
            tune(scratch, "vulkan", "gemm__residual_192x192", f"{scratch}/vulkan-plain")


if __name__ == "__main__":
    main()
