"""output_errors.py GROUP: where a bundle cannot be written. `places`: outputs that exist, missing and read-only folders, a full
disk. `stops`: two compiles at once, SIGINT and SIGTERM, `kill -9` at moments spread over a compile: never a half bundle."""
import os
import pathlib
import random
import re
import shutil
import signal
import subprocess
import sys
import time

from bundle_errors import ask
from bundles import ROOT, SINTER, run_tool, sinter, skip, temporary_folder
from damage import TALES

QUICK = ["--variants", "x86-64-v2", "--quiet"]
SHAPE = "8,512,1408,8,8,64,8000"  # layers, hidden, ffn, heads, kv heads, head dimension, vocabulary: 34 million weights


def compile_to(out, code, pattern="", *flags):
    return ask("compile", TALES, "-o", out, *QUICK, *flags, code=code, pattern=pattern)


def snapshot(folder):
    """{path: bytes} of everything below."""
    return {str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
            for path in sorted(folder.rglob("*"))}


def beside(out):
    """What lies beside an output besides itself."""
    return sorted(path.name for path in out.parent.iterdir() if path != out and path.name.startswith("." + out.name))


# ---- Places --------------------------------------------------------------------------------------------------------------


def check_existing(scratch):
    out = scratch / "exists"
    compile_to(out, 0)
    before = snapshot(out)
    compile_to(out, 1, r"exists; pass --overwrite", "-q", "q8")
    assert snapshot(out) == before
    compile_to(out, 0, "", "--overwrite", "-q", "q8")
    assert snapshot(out) != before and not beside(out)
    ask("verify", out, code=0)
    # A bundle whose file was lost is still a bundle and may be replaced.
    (out / "plan.fb").unlink()
    compile_to(out, 0, "", "--overwrite")
    assert snapshot(out) == before
    # Whatever is no bundle stays, with --overwrite too.
    for name, make in (("thesis", lambda path: (path.mkdir(), (path / "thesis.tex").write_text("years"))),
                       ("file", lambda path: path.write_text("text"))):
        make(scratch / name)
        for flags in ([], ["--overwrite"]):
            compile_to(scratch / name, 1, rf"{name} exists and is not a", *flags)
    assert (scratch / "thesis/thesis.tex").read_text() == "years" and (scratch / "file").read_text() == "text"
    (scratch / "empty").mkdir()
    compile_to(scratch / "empty", 0)
    os.symlink(scratch / "nothing", scratch / "link")
    compile_to(scratch / "link", 1, "link exists and is not a folder")
    compile_to(scratch / "no/where", 1, "no/?.*does not exist|does not exist")
    compile_to(scratch / "file/out", (1, 4), "file")
    compile_to("", 1, "output")
    ask("compile", TALES, *QUICK, code=1, pattern="-o DIR")
    ask("compile", TALES, "-o", scratch / "dump", *QUICK, "--dump-ir", scratch / "file", code=4, pattern=str(scratch / "file"))
    assert not (scratch / "dump").exists() and not beside(scratch / "dump")
    print("outputs that exist, or cannot")


def mounted(folder, options):
    """A small file system in memory, or None where we may not mount."""
    folder.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], capture_output=True, check=False)
    return folder if done.returncode == 0 else None


def check_full_disk(scratch):
    small = mounted(scratch / "small", "size=1500k")
    if not small:
        print("no full disk: mounting is not allowed here")
        return
    try:
        compile_to(small / "out", 4, r"\d+ bytes.*\d+ (are )?free|needs \d+")
        # Room for the weights, which are reserved in one piece, but not for the rest.
        compile_to(small / "out", 4, r"\d+ bytes.*\d+ (are )?free|needs \d+", "--context", "64")
        assert list(small.iterdir()) == [], list(small.iterdir())
        subprocess.run(["mount", "-o", "remount,ro", small], check=True)
        compile_to(small / "out", 4, r"Read-only file system")
    finally:
        subprocess.run(["umount", small], check=True)
    print("a full disk, a read-only one")


def check_permissions(scratch):
    if os.geteuid() == 0:
        print("no read-only folder: root may write anywhere")
        return
    (scratch / "locked").mkdir(mode=0o555)
    compile_to(scratch / "locked/out", 4, "Permission denied")
    (scratch / "locked").chmod(0o755)


def check_places(scratch):
    check_existing(scratch)
    check_permissions(scratch)
    check_full_disk(scratch)


# ---- Stops ---------------------------------------------------------------------------------------------------------------


def start(model, out, *flags):
    return subprocess.Popen([SINTER, "compile", model, "-o", out, *QUICK, *flags], stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE)


def wait_for(condition, seconds=30):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.002)


def check_lock(scratch, model):
    out = scratch / "shared-output"
    first = start(model, out)
    wait_for(lambda: beside(out) or first.poll() is not None)
    ask("compile", model, "-o", out, *QUICK, code=4, pattern=rf"being written by process {first.pid} on \S+, running since")
    ask("compile", model, "-o", out, *QUICK, "--overwrite", code=4, pattern=rf"being written by process {first.pid} on ")
    error = first.communicate(timeout=120)[1]
    assert first.returncode == 0, error
    ask("verify", out, code=0)
    assert not beside(out), beside(out)
    shutil.rmtree(out)
    print("two compiles at once")


def check_changed_input(scratch, model):
    """Weights that somebody writes to during a compile are noticed."""
    out = scratch / "changed"
    child = start(model, out)
    wait_for(lambda: beside(out) or child.poll() is not None)
    weights = next(model.glob("*.safetensors"))
    os.utime(weights)
    error = child.communicate(timeout=120)[1].decode()
    assert child.returncode == 1 and re.search(rf"{weights.name}: changed while it was being read", error), error
    assert not out.exists() and not beside(out)
    print("weights that change meanwhile")


def check_signals(scratch, model, took):
    """Whenever it comes, the process ends within two seconds, with 130, and leaves nothing."""
    out = scratch / "interrupted"
    for i, number in enumerate([signal.SIGINT, signal.SIGTERM] * 4):
        child = start(model, out)
        time.sleep(0.02 + took * 0.9 * i / 8)
        if child.poll() is not None:
            continue
        begun = time.monotonic()
        child.send_signal(number)
        error = child.communicate(timeout=60)[1].decode()
        late = time.monotonic() - begun
        if child.returncode == 0:  # it came after the last moment
            shutil.rmtree(out)
            continue
        # Before main has installed the handlers the signal does what it always does.
        early = i == 0 and child.returncode == -number
        assert child.returncode == 130 or early, (child.returncode, error)
        assert late < 2, f"{late:.1f} s from the signal to the end"
        assert not re.search(r"\n.", error.strip()), error
        assert not out.exists() and not beside(out), beside(out)
    print("SIGINT and SIGTERM")


def check_kills(scratch, model, took, count):
    """After kill -9: no bundle at all, or (with --overwrite) the old one intact. The next compile clears up."""
    chance = random.Random(11)
    out, old = scratch / "killed", scratch / "old"
    sinter("compile", TALES, "-o", old, *QUICK)
    finished = 0
    for i in range(count):
        replacing = i % 2 == 1
        if replacing and not out.exists():
            shutil.copytree(old, out)
        elif not replacing:
            shutil.rmtree(out, ignore_errors=True)
        before = snapshot(out) if replacing else None
        child = start(model, out, *(["--overwrite"] if replacing else []))
        time.sleep(took * 1.1 * (i + chance.random()) / count)
        child.kill()
        child.communicate()
        whole = child.returncode == 0
        finished += whole
        if not out.exists():
            # Nothing, or (file systems without exchange) the old one stepped aside; the next compile decides.
            assert not replacing or ".killed.sinter-old" in beside(out), beside(out)
        elif replacing and snapshot(out) == before:
            pass
        else:
            ask("verify", out, code=0)  # complete, whether or not the process could say so
        for name in beside(out):
            if "lock" not in name:
                found = subprocess.run([SINTER, "verify", out.parent / name], capture_output=True, check=False)
                listed = (out.parent / name / "manifest.json").exists()
                assert found.returncode == (0 if listed else 5), (name, found.stderr)
    print(f"{count} kills, {finished} compiles ended before")
    shutil.rmtree(out, ignore_errors=True)
    ask("compile", model, "-o", out, *QUICK, code=0)
    ask("verify", out, code=0)
    assert not beside(out), beside(out)


def check_stops(scratch, count=30):
    if not shutil.which("g++"):
        skip("needs g++ for a model of some size")
    run_tool("g++", "-O2", "-std=c++17", ROOT / "bench/models/random-model.cpp", "-o", scratch / "random-model")
    model = scratch / "model"
    run_tool(scratch / "random-model", SHAPE, "--hf", model)
    begun = time.monotonic()
    sinter("compile", model, "-o", scratch / "first", *QUICK)
    took = time.monotonic() - begun
    print(f"a compile takes {took:.1f} s")
    check_lock(scratch, model)
    check_changed_input(scratch, model)
    check_signals(scratch, model, min(took, 4))
    check_kills(scratch, model, min(took, 2), count)


if __name__ == "__main__":
    with temporary_folder() as temporary:
        {"places": check_places, "stops": check_stops}[sys.argv[1]](pathlib.Path(temporary), *map(int, sys.argv[2:]))
