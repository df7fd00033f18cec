#!/usr/bin/env python3
"""run.py [--kit KIT] [--shapes ...] [--prompt 512] [--count 128] [--repeats 5] [--gpu NAME] [--work DIR] [--no-peers] [--seconds N]: measures on
the Vulkan device of this machine, with what kit.py put into a folder (default: the one this script lies in). JSON lines on stdout: the device's copy
bandwidth, then for each shape Sinter and llama.cpp (Vulkan, CUDA) in turn: prefill and decode in tokens per second, and for Sinter the share of the copy
bandwidth that decoding's weights are. What does not start gives a line with "error". Nothing is built, nothing is fetched."""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import tempfile
import time

SHARD_STEP = 1 << 20


def emit(**row):
    print(json.dumps(row), flush=True)


def run(command, seconds, **options):
    """The last line of JSON on stdout, or {"error": ...}."""
    try:
        done = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=seconds, check=False, **options)
    except (OSError, subprocess.TimeoutExpired) as problem:
        return {"error": str(problem)}
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    if done.returncode == 0 and lines:
        return json.loads(lines[-1])
    tail = (done.stderr.strip() or done.stdout.strip()).splitlines()[-3:]
    return {"error": f"exit code {done.returncode}: " + " | ".join(tail)}


def fill_weights(bundle):
    """The shards that the manifest lists, of bytes that are harmless as f16, f32 and nibbles."""
    pattern = b"\x2c" * SHARD_STEP
    for file in json.loads((bundle / "manifest.json").read_text())["files"]:
        path = bundle / file["path"]
        if not file["path"].startswith("weights/") or (path.exists() and path.stat().st_size == file["size"]):
            continue
        path.parent.mkdir(exist_ok=True)
        with open(path, "wb") as out:
            for at in range(0, file["size"], SHARD_STEP):
                out.write(pattern[: file["size"] - at])


def speeds(row, prompt):
    """Medians over the repetitions after the first, which warms up."""
    runs = row["runs"][1:] or row["runs"]
    decoded = len(runs[0]["tokens"]) - 1
    return {"prefill_tokens_per_second": round(prompt / statistics.median(r["ttft_ms"] for r in runs) * 1e3, 1),
            "decode_tokens_per_second": round(decoded / statistics.median(r["decode_ms"] for r in runs) * 1e3, 2)}


def report(shape, engine, row, arguments, copy):
    if "error" in row:
        return emit(shape=shape, engine=engine, error=row["error"])
    figures = speeds(row, arguments.prompt)
    extra = {}
    if engine == "sinter":
        rate = row["weight_bytes"] * figures["decode_tokens_per_second"] / 1e9
        extra = {"variant": row["config"], "device": row["device"], "weight_gb_per_s": round(rate, 2)}
        if copy:
            extra["share_of_copy"] = round(rate / copy, 3)
    return emit(shape=shape, engine=engine, version=row["version"], prompt=arguments.prompt, count=arguments.count, load_ms=round(row["load_ms"], 1),
                **figures, **extra)


def measure(kit, shape, arguments, copy, work):
    bundle = kit / "bundles" / shape
    fill_weights(bundle)
    counts = [arguments.repeats + 1, arguments.prompt, arguments.count]
    row = run([kit / "bin/sinter-bench-session", bundle, os.cpu_count(), *counts, "vulkan"], arguments.seconds)
    report(shape, "sinter", row, arguments, copy)
    peers = kit / "peers"
    if arguments.no_peers or not peers.exists():
        return emit(shape=shape, engine="llama.cpp", error="not in the kit, or not wanted")
    gguf = work / f"{shape}.gguf"
    made = run([kit / "bin/sinter-random-model", shape.replace("x", ","), "--gguf", gguf], arguments.seconds)
    if not gguf.exists():
        return emit(shape=shape, engine="llama.cpp", error=f"no GGUF: {made['error']}")
    for backend in ("vulkan", "cuda"):
        row = run(["node", kit / "llama-cpp.mjs", gguf, os.cpu_count(), *counts, backend], arguments.seconds, cwd=peers)
        report(shape, f"llama.cpp {backend}", row, arguments, copy)
    gguf.unlink()
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--kit", type=pathlib.Path, default=pathlib.Path(__file__).resolve().parent)
    parser.add_argument("--shapes")
    parser.add_argument("--prompt", type=int, default=512)
    parser.add_argument("--count", type=int, default=128)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--gpu", default="")
    parser.add_argument("--copy-mib", type=int, default=1024)
    parser.add_argument("--work", type=pathlib.Path)
    parser.add_argument("--no-peers", action="store_true")
    parser.add_argument("--seconds", type=int, default=300, help="for each program")
    arguments = parser.parse_args()
    kit = arguments.kit.resolve()
    begin = time.monotonic()
    row = run([kit / "bin/sinter-vulkan-copy", arguments.gpu, arguments.copy_mib], arguments.seconds)
    emit(**row)
    shapes = arguments.shapes.split(",") if arguments.shapes else sorted(p.name for p in (kit / "bundles").iterdir() if p.is_dir())
    with tempfile.TemporaryDirectory(prefix="sinter-gpu-") as scratch:
        for shape in shapes:
            measure(kit, shape, arguments, row.get("gb_per_s"), arguments.work or pathlib.Path(scratch))
    emit(id="done", seconds=round(time.monotonic() - begin, 1))


if __name__ == "__main__":
    main()
