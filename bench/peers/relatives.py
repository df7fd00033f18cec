#!/usr/bin/env python3
"""relatives.py PEERS: models without published reference numbers beside llama.cpp (node-llama-cpp in PEERS/node_modules). Each is made from the reference checkpoint of its
nearest relative by what sets the two apart; Sinter reads the folder, llama.cpp what our converter for tests makes of it. Printed: the largest difference of log-probabilities at any position,
in standard deviations of the logits, and how often the most probable token is the same. The relative itself stands beside it: llama.cpp keeps f16 caches and takes GELU by tanh, so that
its numbers are 2e-3 to 4e-3 off where Sinter is 1e-5 from the authors' code."""
import json
import math
import pathlib
import statistics
import struct
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT / "tests/e2e"))
import gguf_writer  # noqa: E402
from bundles import read_npy, shared  # noqa: E402


def read_parts(path):
    """{name: (header entry, bytes)} of a safetensors file."""
    blob = path.read_bytes()
    (size,) = struct.unpack_from("<Q", blob)
    head = json.loads(blob[8 : 8 + size])
    head.pop("__metadata__", None)
    return {name: (entry, blob[8 + size + entry["data_offsets"][0] : 8 + size + entry["data_offsets"][1]]) for name, entry in head.items()}


def write_parts(path, parts):
    head, body = {}, b""
    for name, (entry, data) in parts.items():
        head[name] = entry | {"data_offsets": [len(body), len(body) + len(data)]}
        body += data
    text = json.dumps(head).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + body)


# name: (reference checkpoint, keys of the configuration that differ, new name of a tensor or None to drop it)
RELATIVES = {
    "phi3": ("phi3", {}, lambda name: name),
    "Phi-4-mini": ("phi3", {"partial_rotary_factor": 0.75, "tie_word_embeddings": True, "sliding_window": 262144},
                   lambda name: None if "lm_head" in name else name),
    "phi-2": ("phi-2", {}, lambda name: name),
    "Phi-1.5": ("phi-2", {"partial_rotary_factor": 0.5}, lambda name: name),
    "falcon-40b": ("falcon-40b-style", {}, lambda name: name),
    "Falcon2": ("falcon-40b-style", {"num_ln_in_parallel_attn": 1},
                lambda name: None if "ln_mlp" in name else name.replace("ln_attn", "input_layernorm")),
}


class WithVocabulary(gguf_writer.Gguf):
    """llama.cpp opens no file without a vocabulary, and honours no window in Phi-3's, so that the file must not claim one."""

    size = 0

    def write(self, path):
        string, integer, many = gguf_writer.STRING, gguf_writer.I32, gguf_writer.ARRAY
        self.entry("tokenizer.ggml.model", string, "gpt2")
        self.entry("tokenizer.ggml.pre", string, "gpt-2")
        self.entry("tokenizer.ggml.tokens", many, (string, [f"t{i}" for i in range(self.size)]))
        self.entry("tokenizer.ggml.token_type", many, (integer, [1] * self.size))
        self.entry("tokenizer.ggml.merges", many, (string, ["t 0"]))
        if self.architecture == "phi3":
            self.keys(attention__sliding_window=0)
        super().write(path)


def make(folder, source, changes, renamed):
    config = json.loads((source / "config.json").read_text()) | changes
    (folder / "config.json").write_text(json.dumps(config))
    parts = read_parts(source / "model.safetensors")
    write_parts(folder / "model.safetensors", {renamed(name): part for name, part in parts.items() if renamed(name)})
    WithVocabulary.size = config["vocab_size"]
    gguf_writer.Gguf = WithVocabulary
    gguf_writer.convert(folder, folder / "model.gguf")


def ours(folder, ids):
    sinter = ROOT / "build/bin/sinter"
    subprocess.run([sinter, "compile", folder, "-q", "f32", "-o", folder / "bundle", "--quiet"], check=True)
    subprocess.run([sinter, "logits", folder / "bundle", "--device", "cpu", "--tokens", ids, "-o", folder / "logits.npy"], check=True)
    (positions, vocabulary), values = read_npy(folder / "logits.npy")
    return [list(values[i * vocabulary : (i + 1) * vocabulary]) for i in range(positions)]


def compare(logits, theirs):
    """(largest difference in standard deviations, positions with the same best token)."""
    deviation = statistics.pstdev(value for row in logits for value in row)
    worst = equal = 0
    for row, probabilities in zip(logits, theirs, strict=True):
        top = max(row)
        total = top + math.log(sum(math.exp(value - top) for value in row))
        likely = [(token, p) for token, p in probabilities if p > 1e-7]
        worst = max([worst] + [abs(row[token] - total - math.log(p)) / deviation for token, p in likely])
        equal += row.index(top) == max(likely, key=lambda pair: pair[1])[0]
    return worst, equal


def main():
    (peers,) = sys.argv[1:]
    for name, (source, changes, renamed) in RELATIVES.items():
        reference = shared(f"reference/{source}")
        ids = ",".join(map(str, json.loads((reference / "expected.json").read_text())["tokens"]))
        with tempfile.TemporaryDirectory() as scratch:
            folder = pathlib.Path(scratch)
            make(folder, reference, changes, renamed)
            done = subprocess.run(["node", HERE / "llama-cpp-logits.mjs", folder / "model.gguf", ids], cwd=peers, capture_output=True, text=True, check=True)
            logits = ours(folder, ids)
            worst, equal = compare(logits, json.loads(done.stdout))
        print(f"{name}: {worst:.2e} of std, {equal} of {len(logits)} positions with the same best token", flush=True)


main()
