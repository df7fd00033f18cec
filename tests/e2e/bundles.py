"""What the end-to-end tests share: running sinter, reading safetensors and .npy files, temporary folders."""
import array
import hashlib
import json
import os
import pathlib
import struct
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
DATA = ROOT.parent / "shared" / "data"
SINTER = pathlib.Path(os.environ.get("SINTER", ROOT / "build" / "bin" / "sinter"))
SKIPPED = 77  # CTest's SKIP_RETURN_CODE


def skip(reason):
    print(f"skipped: {reason}")
    sys.exit(SKIPPED)


def shared(path):
    """A file or folder of the shared data; the test is skipped if it is not there."""
    full = DATA / path
    if not full.exists():
        skip(f"shared data {path} is not here")
    return full


def write_manifest(bundle, document):
    """Writes manifest.json as the compiler does, its own hash at the end."""
    document.pop("sha256", None)
    text = json.dumps(document, indent=2)[:-2] + ',\n  "sha256": "'
    pathlib.Path(bundle, "manifest.json").write_text(text + hashlib.sha256(text.encode()).hexdigest() + '"\n}\n')


def sinter(*arguments, code=0, text_input=None):
    """Runs sinter and returns its standard output; the exit code must be `code`."""
    done = subprocess.run([str(SINTER), *map(str, arguments)], capture_output=True, input=text_input, check=False)
    out, err = done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace")
    if done.returncode != code:
        sys.exit(f"sinter {' '.join(map(str, arguments))}\nexit code {done.returncode}, expected {code}\n{out}\n{err}")
    return out if code == 0 else err


def run_tool(*command, **options):
    """Runs another program and returns its standard output; the test fails if the program does."""
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False, **options)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}\nexit code {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done.stdout


def temporary_folder():
    return tempfile.TemporaryDirectory(prefix="sinter-e2e-")


def read_safetensors(path):
    """{name: (shape, array)} of the F32 and I32 tensors of a file."""
    blob = pathlib.Path(path).read_bytes()
    (size,) = struct.unpack_from("<Q", blob)
    tensors = {}
    for name, info in json.loads(blob[8 : 8 + size]).items():
        if name == "__metadata__":
            continue
        begin, end = info["data_offsets"]
        values = array.array({"F32": "f", "I32": "i"}[info["dtype"]])
        values.frombytes(blob[8 + size + begin : 8 + size + end])
        tensors[name] = (info["shape"], values)
    return tensors


def read_npy(path):
    """(shape, array) of a little-endian float32 .npy file, version 1.0."""
    blob = pathlib.Path(path).read_bytes()
    assert blob[:8] == b"\x93NUMPY\x01\x00", "not a .npy file of version 1.0"
    (size,) = struct.unpack_from("<H", blob, 8)
    header = eval(blob[10 : 10 + size], {"__builtins__": {}})  # a literal dictionary, written by us
    assert header["descr"] == "<f4" and not header["fortran_order"], header
    values = array.array("f")
    values.frombytes(blob[10 + size :])
    return list(header["shape"]), values


def largest_difference(a, b):
    assert len(a) == len(b), (len(a), len(b))
    return max(abs(x - y) if x == x and y == y else float("inf") for x, y in zip(a, b))


def agreement_file(work, target):
    """WORK/TARGET.json, where an agreement test leaves what it measured for cmake/agreement_table.py; what an earlier run left
    is removed."""
    path = pathlib.Path(work, f"{target}.json")
    path.unlink(missing_ok=True)
    return path


def write_agreement(path, runs):
    """Runs are {"variant", "prefill", "stepwise" (largest differences, of the logits' standard deviation), "greedy" (whether
    all tokens agree)}."""
    path.write_text(json.dumps({"target": path.stem, "runs": runs}) + "\n")
