#!/usr/bin/env python3
"""kit.py KIT [--shapes T,1b,8b] [--peers DIR]: puts into the folder KIT what run.py needs on a machine with a GPU, where nothing is built:
programs, bundles of random models without their weights (run.py makes those: speed does not depend on numbers), and from DIR, a folder with
node-llama-cpp in node_modules, the parts that run there. A shape is a name of sinter-random-model, or numbers with ',' written as 'x'.

    npm install --ignore-scripts node-llama-cpp @node-llama-cpp/linux-x64-vulkan @node-llama-cpp/linux-x64-cuda     # in DIR
"""
import argparse
import pathlib
import shutil
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / "build"
PROGRAMS = ["sinter-bench-session", "sinter-random-model", "sinter-vulkan-copy"]
SCRIPTS = [ROOT / "bench/vulkan/run.py", ROOT / "bench/peers/llama-cpp.mjs", ROOT / "bench/peers/peers.mjs"]


def add_bundle(kit, shape, arguments):
    with tempfile.TemporaryDirectory(prefix="sinter-kit-") as scratch:
        subprocess.run([BUILD / "bin/sinter-random-model", shape.replace("x", ","), "--empty-hf", f"{scratch}/hf"], check=True)
        command = [BUILD / "bin/sinter", "compile", f"{scratch}/hf", "-q", "q4", "--target", "vulkan", "--context", "1024", "-o", f"{scratch}/bundle",
                   "--quiet"]
        for file in arguments.tuning:
            command += ["--tuning", file]
        subprocess.run(command, check=True)
        shutil.rmtree(f"{scratch}/bundle/weights")
        shutil.copytree(f"{scratch}/bundle", kit / "bundles" / shape)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("kit", type=pathlib.Path)
    parser.add_argument("--shapes", default="T,1b,8b")
    parser.add_argument("--peers", type=pathlib.Path)
    parser.add_argument("--tuning", action="append", default=[])
    arguments = parser.parse_args()
    subprocess.run(["ninja", "-C", BUILD, "sinter", *PROGRAMS], check=True, stdout=subprocess.DEVNULL)
    kit = arguments.kit
    (kit / "bin").mkdir(parents=True)
    for program in PROGRAMS:
        shutil.copy(BUILD / "bin" / program, kit / "bin")
        subprocess.run(["strip", kit / "bin" / program], check=True)
    for script in SCRIPTS:
        shutil.copy(script, kit)
    for shape in arguments.shapes.split(","):
        add_bundle(kit, shape, arguments)
    if arguments.peers:
        # Links of node_modules/.bin are not needed, and devices may not carry links.
        shutil.copytree(arguments.peers / "node_modules", kit / "peers/node_modules", ignore=shutil.ignore_patterns(".bin"))
    size = sum(file.stat().st_size for file in kit.rglob("*") if file.is_file())
    print(f"{kit}: {size / 2**20:.1f} MiB")


if __name__ == "__main__":
    main()
