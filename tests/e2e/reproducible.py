"""The same input gives the same bytes: whatever the number of threads, and with --overwrite over an older bundle."""
import hashlib
import pathlib

from bundles import ROOT, sinter, temporary_folder


def fingerprint(folder):
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(pathlib.Path(folder).rglob("*")) if path.is_file()}


with temporary_folder() as scratch:
    model = ROOT / "examples/tales/model"
    sinter("compile", model, "-o", f"{scratch}/one", "--quiet", "--threads", 1)
    first = fingerprint(f"{scratch}/one")
    sinter("compile", model, "-o", f"{scratch}/two", "--quiet", "--threads", 2)
    second = fingerprint(f"{scratch}/two")
    differing = [path for path in first if first[path] != second.get(path)]
    assert first.keys() == second.keys() and not differing, differing
    sinter("compile", model, "-o", f"{scratch}/two", "--quiet", "--overwrite")
    assert fingerprint(f"{scratch}/two") == second
    sinter("verify", f"{scratch}/two")
    print(f"{len(first)} files equal")
