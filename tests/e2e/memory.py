"""memory.py: compiling streams. Peak memory stays below 1.5 times the largest tensor + 512 MiB; a limit that is kept changes nothing in
the result; a limit that cannot be kept ends with exit code 4, one message, and nothing left behind."""
import json
import pathlib
import resource

from bundles import ROOT, run_tool, sinter, temporary_folder

SHAPE = "2,2048,5632,16,16,128,64000"  # the largest tensor is 64000 x 2048 bf16: 250 MiB
LARGEST_MIB = 64000 * 2048 * 2 / 2**20
BOUND_MIB = 1.5 * LARGEST_MIB + 512


def peak_mib(*arguments):
    """Peak resident memory of a compile, pages of the mapped model included."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    sinter(*arguments)
    return max(before, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss) / 1024


def main():
    with temporary_folder() as scratch:
        scratch = pathlib.Path(scratch)
        run_tool("g++", "-O2", "-std=c++17", ROOT / "bench/models/random-model.cpp", "-o", scratch / "random-model")
        run_tool(scratch / "random-model", SHAPE, "--hf", scratch / "model")
        common = ["compile", scratch / "model", "-q", "q4", "--variants", "x86-64-v2", "--threads", "2", "--quiet", "--name", "m"]
        peak = peak_mib(*common, "-o", scratch / "free")
        assert peak <= BOUND_MIB, f"peak {peak:.0f} MiB, allowed {BOUND_MIB:.0f}"
        sinter(*common, "-o", scratch / "limited", "--mem-limit", f"{BOUND_MIB:.0f}M")
        manifests = [json.loads((scratch / name / "manifest.json").read_text())["files"] for name in ("free", "limited")]
        assert manifests[0] == manifests[1], "a memory limit changed the result"
        text = sinter(*common, "-o", scratch / "starved", "--mem-limit", "24M", code=4)
        assert text.startswith("sinter: error: out of memory: 24 MiB (--mem-limit)") and len(text.splitlines()) == 1, text
        left = sorted(p.name for p in scratch.iterdir() if "starved" in p.name and not p.name.endswith("sinter-lock"))
        assert not left, f"left behind: {left}"
        sinter(*common, "-o", scratch / "x", "--mem-limit", "lots", code=2)
        print(f"peak {peak:.0f} MiB of {BOUND_MIB:.0f}")


if __name__ == "__main__":
    main()
