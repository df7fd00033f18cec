"""bundle_errors.py GROUP: damaged bundles and impossible requests. `damage`: a bundle whose files were changed is refused by
run (all but the weights, which only --verify reads) and by verify. `requests`: prompts, tokens and flags that cannot be."""
import hashlib
import json
import os
import pathlib
import random
import re
import shutil
import subprocess
import sys
import time

from bundles import SINTER, sinter, temporary_folder, write_manifest
from damage import TALES

SHARD = "weights/00000.bin"
KERNELS = "kernels/cpu/x86_64.so"
PROMPT = ["-p", "Once upon a time", "-n", "8", "--temp", "0"]


def ask(*arguments, code, pattern="", seconds=60):
    """One command: its exit code is one of `code`, and after a failure its message is one line that matches. Returns stdout."""
    codes = code if isinstance(code, tuple) else (code,)
    done = subprocess.run([SINTER, *map(str, arguments)], capture_output=True, timeout=seconds, check=False)
    err = done.stderr.decode("utf-8", "replace")
    what = " ".join(map(str, arguments))[:200]
    assert done.returncode in codes, f"{what}: exit code {done.returncode}, expected {code}: {err[:2000]}"
    if done.returncode:
        assert re.fullmatch(r"sinter: error: [^\n]*\n", err), f"{what}: not one line: {err!r}"
        assert re.search(pattern, err), f"{what}: does not match {pattern}: {err}"
    return done.stdout


# ---- Damage --------------------------------------------------------------------------------------------------------------


def flip(name, at):
    """Flips one bit of a file at a part of its length."""
    def damage(bundle):
        path = bundle / name
        blob = bytearray(path.read_bytes())
        blob[int(len(blob) * at)] ^= 4
        path.write_bytes(blob)
    return damage


def remove(name):
    return lambda bundle: (bundle / name).unlink()


def resize(name, by):
    return lambda bundle: os.truncate(bundle / name, (bundle / name).stat().st_size + by)


def manifest(change):
    def damage(bundle):
        document = json.loads((bundle / "manifest.json").read_text())
        change(document)
        write_manifest(bundle, document)
    return damage


def put(**values):
    return manifest(lambda document: document.update(values))


def entry(name, /, **values):
    """Changes a file's row in the manifest."""
    def change(document):
        next(file for file in document["files"] if file["path"] == name).update(values)
    return manifest(change)


def text(content):
    return lambda bundle: (bundle / "manifest.json").write_bytes(content)


def swap(name, other):
    """A file of another bundle, with the manifest made to agree."""
    def damage(bundle):
        blob = (other / name).read_bytes()
        (bundle / name).write_bytes(blob)
        entry(name, size=len(blob), sha256=hashlib.sha256(blob).hexdigest())(bundle)
    return damage


def rows(other):
    """(name, damage, exit code of run, exit code of verify, pattern of both messages)."""
    table = []
    for name in ("plan.fb", "tokenizer.bin", KERNELS):
        table += [(f"a bit of {name} at {at}", flip(name, at), 5, 5, rf"{name}.*SHA-256") for at in (0, 0.5, 0.999)]
        table += [(f"{name} missing", remove(name), (1, 5), 5, name), (f"{name} short", resize(name, -1), 5, 5, rf"{name}.*\d+ bytes"),
                  (f"{name} long", resize(name, 1), 5, 5, rf"{name}.*\d+ bytes")]
    table += [
        ("shard missing", remove(SHARD), (1, 5), 5, SHARD), ("shard short", resize(SHARD, -1), 5, 5, rf"{SHARD}.*\d+.*\d+"),
        ("shard long", resize(SHARD, 1), 5, 5, rf"{SHARD}.*\d+.*\d+"),
        ("newer major", put(version=[2, 0]), 3, 3, "version 2"), ("newer minor", put(version=[1, 9]), 0, 0, ""),
        ("other ABI", put(abi_version=99), 3, 3, "99|ABI|version"), ("unknown field", put(novelty={"a": [1]}), 0, 0, ""),
        ("another format", put(format="zip"), 5, 5, "manifest"), ("version is text", put(version="1"), 5, 5, "manifest"),
        ("files is a number", put(files=3), 5, 5, "manifest"), ("no files", put(files=[]), 5, 5, "manifest|plan"),
        ("a path out of the bundle", entry("plan.fb", path="../plan.fb"), 5, 5, "manifest|path"),
        ("an absolute path", entry("plan.fb", path="/etc/passwd"), 5, 5, "manifest|path"),
        ("a size of 2^63", entry(SHARD, size=2**63), 5, 5, "manifest|weights"),
        ("a negative size", entry("plan.fb", size=-1), 5, 5, "manifest"), ("a hash cut short", entry("plan.fb", sha256="00"), 5, 5, "manifest"),
        ("manifest empty", text(b""), 5, 5, "manifest"), ("manifest open", text(b'{"format": '), 5, 5, "manifest"),
        ("manifest binary", text(bytes(range(256)) * 10), 5, 5, "manifest"), ("manifest deep", text(b"[" * 100_000), 5, 5, "manifest"),
        ("manifest missing", remove("manifest.json"), (1, 5), 5, "manifest"),
        ("another model's plan", swap("plan.fb", other), (3, 5), (0, 3, 5), "plan|weights"),
        ("another model's kernels", swap(KERNELS, other), (3, 5), (0, 3, 5), "kernel|plan"),
    ]
    return table


def check_damage(scratch):
    good, other = scratch / "good", scratch / "other"
    sinter("compile", TALES, "--variants", "x86-64-v2", "-o", good, "--quiet")
    sinter("compile", TALES, "--variants", "x86-64-v2", "--context", "64", "-q", "q8", "-o", other, "--quiet")
    ask("run", good, *PROMPT, code=0)
    ask("verify", good, code=0)
    table, faults = rows(other), []
    for name, damage, run_code, verify_code, pattern in table:
        bad = scratch / "bad"
        shutil.copytree(good, bad)
        damage(bad)
        for command, code in ((["run", bad, *PROMPT], run_code), (["verify", bad], verify_code)):
            try:
                ask(*command, code=code, pattern=pattern)
            except AssertionError as fault:
                faults.append(f"{name}: {fault}")
        shutil.rmtree(bad)
    assert not faults, "\n".join(faults)
    print(f"{len(table)} kinds of damage")
    check_weights(good)
    check_random_flips(good)


def check_weights(good):
    """A flipped bit of the weights: run does not read them beforehand, verify and run --verify do."""
    original = (good / SHARD).read_bytes()
    for at in (0, 0.3, 0.9999):
        flip(SHARD, at)(good)
        ask("run", good, *PROMPT, "--verify", code=5, pattern=rf"{SHARD}.*SHA-256")
        ask("verify", good, code=5, pattern=rf"{SHARD}.*SHA-256")
        (good / SHARD).write_bytes(original)


def check_random_flips(good, count=60):
    """A bit of the manifest anywhere: refused with a message."""
    chance = random.Random(7)
    path = good / "manifest.json"
    original = path.read_bytes()
    for _ in range(count):
        blob = bytearray(original)
        blob[chance.randrange(len(blob))] ^= 1 << chance.randrange(8)
        path.write_bytes(blob)
        ask("run", good, *PROMPT, code=(3, 5), pattern="manifest|bundle")
        ask("verify", good, code=(3, 5), pattern="manifest|bundle")
    path.write_bytes(original)


# ---- Requests ------------------------------------------------------------------------------------------------------------


def check_text(scratch, bundle):
    """Any bytes are text: invalid UTF-8, zero bytes, a megabyte of one character in little time; ids and back."""
    for name, content in (("invalid", b"one \xff\xfe two \xc3"), ("surrogate", b"a \xed\xa0\x80 b"), ("zero", b"a\0b\0\0c"),
                          ("overlong", b"\xc0\x80 \xf8\x88\x80\x80\x80"), ("empty", b""), ("marks", "\ufeffe\u0301\u200d".encode())):
        path = scratch / name
        path.write_bytes(content)
        ids = json.loads(ask("tokenize", bundle, "-f", path, "--no-special", code=0))
        assert all(0 <= token < 1024 for token in ids), ids
        if ids:
            back = ask("detokenize", bundle, "--tokens", ",".join(map(str, ids)), code=0)
            assert back.rstrip(b"\n") == content or b"\xef\xbf\xbd" in back, (content, back)
            ask("run", bundle, "-f", path, "-n", "2", code=0)
    for character in "a", " ", "\u2603", "1", "\n":
        path = scratch / "long"
        path.write_text(character * (1_000_000 // len(character.encode())))
        begun = time.monotonic()
        ask("tokenize", bundle, "-f", path, code=0, seconds=30)
        took = time.monotonic() - begun
        assert took < 10, f"a megabyte of {character!r} takes {took:.1f} s"


def check_requests(scratch):
    bundle = scratch / "tales"
    sinter("compile", TALES, "--variants", "native", "-o", bundle, "--quiet")
    check_text(scratch, bundle)
    (scratch / "long").write_text("Once upon a time there was a fox. " * 1000)
    table = [
        (["run", bundle, "-f", scratch / "long"], 4, r"\d+ tokens.*512"), (["run", bundle, "--tokens", "1,99999"], 1, "99999"),
        (["run", bundle, "--tokens", "1,-5"], 1, "-5"), (["run", bundle, "--tokens", "1,x"], 1, "'x'"),
        (["run", bundle, "--tokens", "99999999999"], 1, "99999999999"), (["run", bundle], 2, "-p TEXT"),
        (["run", bundle, "-f", scratch / "nowhere"], 1, "nowhere"), (["run", scratch / "nowhere", *PROMPT], 1, "nowhere"),
        (["run", TALES, *PROMPT], 1, "manifest|bundle"), (["run", TALES / "config.json", *PROMPT], 1, "config.json"),
        (["run", bundle, *PROMPT, "--variant", "arm64-i8mm"], 3, "arm64-i8mm"), (["run", bundle, *PROMPT, "--variant", "sse9"], 3, "sse9"),
        (["verify", scratch / "nowhere"], 1, "nowhere"), (["verify", TALES], 5, "manifest"),
        (["logits", bundle, "--tokens", "1", "-o", scratch / "no/where.npy"], (1, 4), "where.npy"),
        (["logits", bundle, "--tokens", "1,5000", "-o", scratch / "l.npy"], 1, "5000"),
        (["tokenize", scratch / "nowhere", "-p", "x"], 1, "nowhere"), (["detokenize", bundle, "--tokens", "7000"], 1, "7000"),
        (["inspect", scratch / "nowhere"], 1, "nowhere"), (["inspect", scratch], 1, str(scratch)),
    ]
    for temperature in ("-1", "nan", "1e9"):
        table.append((["run", bundle, "-p", "x", "--temp", temperature], (1, 2), "temp"))
    table += [(["run", bundle, "-p", "x", "--top-p", "0"], (1, 2), "top.p"), (["run", bundle, "-p", "x", "--top-k", "-3"], (1, 2), "top.k"),
              (["run", bundle, "-p", "x", "--repeat-penalty", "0"], (1, 2), "repeat.penalty"),
              (["run", bundle, "-p", "x", "--logit-bias", "5:1"], 2, "TOKEN=BIAS"), (["run", bundle, "-p", "x", "--logit-bias", "5=101"], 1, "token 5 is 101"),
              (["run", bundle, "-p", "x", "--logit-bias", "99999=1"], 1, "token 99999")]
    faults = []
    for arguments, code, pattern in table:
        try:
            ask(*arguments, code=code, pattern=pattern)
        except AssertionError as fault:
            faults.append(str(fault))
    assert not (scratch / "l.npy").exists(), "a file of logits that failed is left"
    assert not faults, "\n".join(faults)
    print(f"{len(table)} impossible requests")


if __name__ == "__main__":
    with temporary_folder() as temporary:
        {"damage": check_damage, "requests": check_requests}[sys.argv[1]](pathlib.Path(temporary))
