#!/usr/bin/env python3
"""What quantization costs: each scheme's logits against f32's, on text the model itself makes.

  quality.py [MODEL...] [--sinter build/bin/sinter] [--tokens 1000] [--json FILE]

Text: samples of the f32 bundle at temperature 1, nothing cut off, from "Once upon a time". Every scheme then reads the
same ids (prefill path, `sinter logits`). Reported per scheme, over all positions: mean Kullback-Leibler divergence from
f32's distribution (nats) with its standard error, the worst position, how often the likeliest token is the same, and the
perplexity of the text; bits per weight and relative weight error as `sinter compile` says.

q4-absmax is what a GGUF Q4_0 writer would store: scale = extreme / -8, rounded to f16, no search. The matrices of a
Hugging Face folder are replaced by these numbers in f32 and compiled with -q q4. The search finds them on its grid (the
weight error of that compile is printed as repack), so both run through the same kernels and differ in the weights alone.

MODEL: a Hugging Face folder, or a GGUF file (then without q4-absmax). Without MODEL: the models of this repository and
those in SINTER_SHARED_DATA. Standard library only.
"""
import argparse
import array
import json
import math
import os
import pathlib
import shutil
import struct
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[1]
PROMPT = "Once upon a time"


class Tool:
    """The sinter binary."""

    def __init__(self, path):
        self.path = str(path)

    def json(self, *arguments):
        done = subprocess.run([self.path, *map(str, arguments), "--json", "--quiet"], capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"quality: {' '.join(map(str, arguments))}: {done.stderr.strip()}")
        return json.loads(done.stdout)

    def compile(self, model, scheme, out):
        return self.json("compile", model, "-q", scheme, "--variants", "native", "-o", out)

    def logits(self, bundle, ids, scratch):
        """[T][V] as arrays of f32."""
        file = scratch / "logits.npy"
        subprocess.run([self.path, "logits", bundle, "--tokens", ",".join(map(str, ids)), "-o", file, "--quiet"], check=True, stdout=subprocess.DEVNULL)
        data = file.read_bytes()
        begin = 10 + struct.unpack_from("<H", data, 8)[0]
        values = array.array("f", data[begin:])
        width = len(values) // len(ids)
        return [values[i : i + width] for i in range(0, len(values), width)]


# --- Q4_0 as GGUF writers do it ---------------------------------------------------------------------------------------


def to_floats(data, kind):
    if kind == "BF16":
        wide = bytearray(2 * len(data))
        wide[2::4], wide[3::4] = data[0::2], data[1::2]
        return array.array("f", bytes(wide))
    if kind == "F16":
        return array.array("f", struct.unpack(f"<{len(data) // 2}e", data))
    if kind == "F32":
        return array.array("f", data)
    sys.exit(f"quality: weights of type {kind}")


def absmax(values):
    """The numbers that Q4_0 blocks of these would hold, and the squared error."""
    error = 0.0
    for at in range(0, len(values), 32):
        block = values[at : at + 32]
        extreme = max(block, key=abs)
        scale = extreme / -8
        inverse = 1 / scale if scale else 0.0
        stored = struct.unpack("<e", struct.pack("<e", scale))[0]
        for i, x in enumerate(block):
            y = (min(15, int(x * inverse + 8.5)) - 8) * stored
            error += (y - x) ** 2
            values[at + i] = y
    return error


def write_absmax(folder, out):
    """Copies a model folder, its matrices on Q4_0's grid, all in f32; the relative error of the matrices."""
    out.mkdir()
    for file in folder.iterdir():
        if file.suffix == ".json" and not file.name.endswith(".index.json"):
            shutil.copy(file, out)
    data = (folder / "model.safetensors").read_bytes()
    size = struct.unpack_from("<Q", data)[0]
    header = json.loads(data[8 : 8 + size])
    header.pop("__metadata__", None)
    body, table, error, power = bytearray(), {}, 0.0, 0.0
    for name, info in header.items():
        begin, end = info["data_offsets"]
        values = to_floats(data[8 + size + begin : 8 + size + end], info["dtype"])
        if len(info["shape"]) == 2:
            power += sum(x * x for x in values)
            error += absmax(values)
        table[name] = {"dtype": "F32", "shape": info["shape"], "data_offsets": [len(body), len(body) + 4 * len(values)]}
        body += values.tobytes()
    text = json.dumps(table).encode()
    text += b" " * (-len(text) % 8)
    (out / "model.safetensors").write_bytes(struct.pack("<Q", len(text)) + text + body)
    return math.sqrt(error / power)


# --- Comparison -------------------------------------------------------------------------------------------------------


def log_softmax(row):
    top = max(row)
    total = top + math.log(sum(math.exp(x - top) for x in row))
    return [x - total for x in row]


class Score:
    def __init__(self):
        self.divergences, self.same, self.loss, self.predicted = [], 0, 0.0, 0

    def add(self, ids, reference, rows):
        for t, (p, row) in enumerate(zip(reference, rows)):
            q = log_softmax(row)
            self.divergences.append(sum(math.exp(a) * (a - b) for a, b in zip(p, q)))
            self.same += p.index(max(p)) == q.index(max(q))
            if t + 1 < len(ids):
                self.loss -= q[ids[t + 1]]
                self.predicted += 1

    def result(self):
        n = len(self.divergences)
        mean = sum(self.divergences) / n
        spread = math.sqrt(sum((x - mean) ** 2 for x in self.divergences) / n)
        return {"positions": n, "mean_kl": mean, "standard_error": spread / math.sqrt(n), "max_kl": max(self.divergences),
                "same_top": self.same / n, "perplexity": math.exp(self.loss / self.predicted)}


def samples(tool, bundle, wanted):
    """Texts as ids, together at least so many."""
    prompt = tool.json("tokenize", bundle, "-p", PROMPT)
    texts, seed = [], 0
    while sum(map(len, texts)) < wanted:
        seed += 1
        made = tool.json("run", bundle, "-p", PROMPT, "-n", 240, "--temp", 1, "--top-k", 0, "--top-p", 1, "--min-p", 0, "--repeat-penalty", 1, "--seed", seed)
        texts.append(prompt + made["tokens"])
    return texts


def compare(tool, model, wanted, scratch):
    """One row per scheme."""
    schemes = {scheme: (model, scheme) for scheme in ("f32", "f16", "q8", "q4")}
    absmax_error = None
    if model.is_dir():
        absmax_error = write_absmax(model, scratch / "absmax")
        schemes["q4-absmax"] = (scratch / "absmax", "q4")
    rows, texts, reference = [], [], []
    for name, (source, scheme) in schemes.items():
        bundle = scratch / name
        facts = tool.compile(source, scheme, bundle)
        texts = texts or samples(tool, bundle, wanted)
        score = Score()
        for i, ids in enumerate(texts):
            logits = tool.logits(bundle, ids, scratch)
            if name == "f32":
                reference.append([log_softmax(row) for row in logits])
            score.add(ids, reference[i], logits)
        row = {"scheme": name, "bits_per_weight": facts["bits_per_weight"], "weight_error": facts["relative_error"], **score.result()}
        if name == "q4-absmax":
            row |= {"weight_error": absmax_error, "repack_error": facts["relative_error"]}
        rows.append(row)
    return rows


def show(model, rows):
    print(f"\n{model}, {rows[0]['positions']} positions\n")
    print("| scheme | bits/weight | weight error | mean KL | max KL | same likeliest token | perplexity |\n" + "|---|---|---|---|---|---|---|")
    for r in rows:
        print(f"| {r['scheme']} | {r['bits_per_weight']:.2f} | {r['weight_error']:.2%} | {r['mean_kl']:.2e} ± {r['standard_error']:.0e} | {r['max_kl']:.2g} "
              f"| {r['same_top']:.1%} | {r['perplexity']:.3f} |" + (f" repack {r['repack_error']:.1e}" if "repack_error" in r else ""))


def known_models():
    yield ROOT / "examples/tales/model"
    shared = pathlib.Path(os.environ.get("SINTER_SHARED_DATA", ROOT.parent / "shared/data")) / "models"
    yield from (m for m in (shared / "tinystories-656k", shared / "stories260k/stories260K.gguf") if m.exists())


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", nargs="*", type=pathlib.Path)
    parser.add_argument("--sinter", type=pathlib.Path, default=ROOT / "build/bin/sinter")
    parser.add_argument("--tokens", type=int, default=1000)
    parser.add_argument("--json", type=pathlib.Path, help="also write the rows here")
    options = parser.parse_args()
    results = {}
    for model in options.models or known_models():
        with tempfile.TemporaryDirectory() as scratch:
            results[model.name] = compare(Tool(options.sinter), model, options.tokens, pathlib.Path(scratch))
        show(model.name if model.name != "model" else model.parent.name, results[model.name])
    if options.json:
        options.json.write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
