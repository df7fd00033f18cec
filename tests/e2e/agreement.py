"""agreement.py FOLDER MODEL [VARIANT]: -q f32 logits and greedy tokens of a reference model agree with the published
implementation's: at every position, through prefill and step by step. MODEL is the folder itself (.), a GGUF file in it, or
to-gguf: what our own converter (gguf_writer.py) makes of the folder.

Tolerance: 2e-4 of the logits' standard deviation; two correct float32 implementations are within 2.5e-5 here
(data/reference/README.md)."""
import json
import pathlib
import sys

from bundles import largest_difference, read_npy, read_safetensors, shared, sinter, temporary_folder
from gguf_writer import convert

TOLERANCE = 2e-4

folder = shared(f"reference/{sys.argv[1]}")
model = folder / sys.argv[2] if sys.argv[2] != "." else folder
name = model.name
variant = sys.argv[3] if len(sys.argv) > 3 else "native"
facts = json.loads((folder / "expected.json").read_text())
expected = read_safetensors(folder / "expected.safetensors")
tokens, std = facts["tokens"], facts["logit_std"]
listed = lambda ids: ",".join(map(str, ids))

with temporary_folder() as scratch:
    bundle = f"{scratch}/bundle"
    if sys.argv[2] == "to-gguf":
        model = pathlib.Path(scratch) / "model.gguf"
        convert(folder, model)
    sinter("compile", model, "-q", "f32", "--variants", variant, "-o", bundle, "--quiet")
    for path in ([], ["--stepwise"]):
        sinter("logits", bundle, "--tokens", listed(tokens), "-o", f"{scratch}/logits.npy", *path)
        shape, logits = read_npy(f"{scratch}/logits.npy")
        assert shape == expected["logits"][0], (shape, expected["logits"][0])
        difference = largest_difference(logits, expected["logits"][1]) / std
        print(f"{sys.argv[1]} {name} {variant} {' '.join(path) or 'prefill'}: {difference:.2e} of std")
        assert difference <= TOLERANCE, f"logits differ by {difference:.2e} of std"
    prompt = tokens[: facts["prompt_length"]]
    reply = json.loads(sinter("run", bundle, "--tokens", listed(prompt), "-n", len(facts["greedy"]), "--temp", 0,
                              "--ignore-eos", "--json"))
    assert reply["tokens"] == facts["greedy"], f"greedy tokens differ:\n{reply['tokens']}\n{facts['greedy']}"
