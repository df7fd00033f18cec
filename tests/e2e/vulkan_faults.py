"""vulkan_faults.py: what a Vulkan device says when something is missing or breaks, with lavapipe behind a layer that fails on demand
(tests/device/vulkan/FaultLayer.cpp): no memory, a lost device, no timestamps, no device, no loader. And a device that has memory of its own and
a queue for transfers, as the layer pretends: the tokens are the same, weights come through staging buffers of 48 MiB together, and logits are the same bits.

Skips (exit code 77) where lavapipe or the layer is missing."""
import json
import os
import pathlib
import subprocess

from bundles import ROOT, SINTER, run_tool, sinter, skip, temporary_folder

MODEL = ROOT / "examples/tales/model"
LAVAPIPE = pathlib.Path("/usr/share/vulkan/icd.d/lvp_icd.x86_64.json")
BUILD = pathlib.Path(SINTER).resolve().parents[1]
LAYER = BUILD / "vulkan-layer"
STAGING = 2 * (24 << 20)
# Weights of several shards as f32: 76 MB.
LARGE = "1,512,1024,8,8,64,16000"


def environment(fault="", log="", **more):
    return dict(os.environ, VK_ICD_FILENAMES=str(LAVAPIPE), VK_LAYER_PATH=str(LAYER), VK_INSTANCE_LAYERS="VK_LAYER_SINTER_faults",
                SINTER_FAULT=fault, SINTER_FAULT_LOG=str(log), **more)


def run(bundle, env, code, *arguments):
    """What sinter says on stderr; it must end with the code."""
    done = subprocess.run([SINTER, "run", bundle, "--device", "vulkan", "--tokens", "1,2,3", "-n", "4", "--temp", "0", "--ignore-eos", *arguments],
                          env=env, capture_output=True, text=True)
    assert done.returncode == code, (done.returncode, code, done.stdout, done.stderr)
    return done.stderr


def check_memory(bundle):
    for number, what in enumerate(["the weights", "the activations", "the KV cache", "a session"], 1):
        text = run(bundle, environment(f"allocate={number}"), 4)
        assert f"of {what}" in text and "no memory on the device for" in text and "--context" in text, text
    # Memory of the device is full, that of the host is not: enough for a device that is no discrete GPU.
    run(bundle, environment("memory,allocate=1"), 0)
    text = run(bundle, environment("memory,allocate=3"), 4)
    assert "of staging" in text, text


def check_loss(bundle, scratch):
    for number in (1, 2, 6):
        text = run(bundle, environment(f"submit={number}"), 4)
        assert "the device was lost" in text and "open the model again" in text, text
    program = f"{scratch}/device_lost"
    run_tool("cc", "-std=c99", "-Wall", "-I", ROOT / "runtime/include", ROOT / "tests/e2e/programs/device_lost.c",
             BUILD / "lib/sinter/libsinter_runtime.a", "-lpthread", "-ldl", "-lm", "-o", program)
    assert "the device was lost" in run_tool(program, bundle, env=environment("submit=9"))


def check_absence(bundle, scratch):
    empty = f"{scratch}/empty.json"
    pathlib.Path(empty).write_text("{}")
    text = run(bundle, environment() | {"VK_ICD_FILENAMES": empty, "VK_INSTANCE_LAYERS": ""}, 3)
    assert "Vulkan" in text, text
    text = run(bundle, environment(), 3, "--gpu", "no such device")
    assert "no Vulkan device 'no such device'" in text, text
    text = run(bundle, environment(), 3, "--variant", "spirv-f64")
    assert "no Vulkan kernels of variant spirv-f64" in text, text
    # A library that is none stands for the loader.
    pathlib.Path(scratch, "libvulkan.so.1").write_bytes(b"")
    text = run(bundle, environment() | {"LD_LIBRARY_PATH": scratch}, 3)
    assert "cannot load libvulkan.so.1" in text and "install a Vulkan driver" in text, text
    done = subprocess.run([SINTER, "bench", bundle, "-p", "2", "-n", "1", "-r", "1", "--profile"], env=environment("timestamps"), capture_output=True,
                          text=True)
    assert done.returncode == 3 and "has no timestamps to profile by" in done.stderr, done.stderr


def check_own_memory(bundle):
    """The same tokens, chosen by a device whose memory the host does not see: only what is chosen comes back."""
    for settings in (["--temp", "0"], ["--temp", "0.9", "--top-k", "40", "--top-p", "0.95", "--repeat-penalty", "1.2"]):
        replies = [json.loads(run_tool(SINTER, "run", bundle, "--device", "vulkan", "-p", "Once upon a time", "-n", "24", "--seed", "5", "--json",
                                       *settings, env=environment(fault))) for fault in ("", "memory")]
        assert replies[0]["tokens"] == replies[1]["tokens"], (settings, replies)


def check_staging(scratch):
    """The same logits, to the bit, whether the host writes the weights or staging buffers carry them."""
    tool = BUILD / "bin/sinter-random-model"
    if not tool.exists():
        run_tool("ninja", "-C", BUILD, "sinter-random-model")
    run_tool(tool, LARGE, "--hf", f"{scratch}/model")
    bundle = f"{scratch}/large"
    sinter("compile", f"{scratch}/model", "-q", "f32", "--context", 64, "--target", "vulkan", "--variants", "spirv-soft", "-o", bundle, "--quiet")
    shards = len(list(pathlib.Path(bundle, "weights").iterdir()))
    assert shards >= 4, shards
    logits = {}
    for fault in ("", "memory", "memory,transfer"):
        log, file = f"{scratch}/log.json", f"{scratch}/logits.npy"
        run_tool(SINTER, "logits", bundle, "--tokens", "1,2,3,4,5", "-o", file, "--verify", env=environment(fault, log))
        logits[fault] = pathlib.Path(file).read_bytes()
        counts = json.loads(pathlib.Path(log).read_text())
        if fault:
            assert counts["peak_host_bytes"] == STAGING, counts
        assert counts["transfers"] == (shards if "transfer" in fault else 0), (fault, counts)
    assert logits[""] == logits["memory"] == logits["memory,transfer"], "staged weights give other logits"
    print(f"{shards} shards through {STAGING >> 20} MiB of staging")


def main():
    if not LAVAPIPE.exists():
        skip(f"{LAVAPIPE} is missing")
    if not (LAYER / "FaultLayer.json").exists():
        skip("the layer was not built")
    with temporary_folder() as scratch:
        bundle = f"{scratch}/tales"
        sinter("compile", MODEL, "-q", "q4", "--target", "vulkan", "-o", bundle, "--quiet")
        run(bundle, environment(), 0)
        check_memory(bundle)
        check_loss(bundle, scratch)
        check_absence(bundle, scratch)
        check_own_memory(bundle)
        check_staging(scratch)


if __name__ == "__main__":
    main()
