"""agreement.py FOLDER MODEL VARIANT | agreement.py FOLDER --shared WORK: -q f32 logits and greedy tokens of a reference model
agree with the published implementation's: at every position, through prefill and step by step. MODEL is the folder itself
(.), a GGUF file in it, or to-gguf: what our own converter (gguf_writer.py) makes of the folder; --shared takes the bundle
that agreement_bundle.py left in WORK, and leaves there what it measured.

Tolerance: 2e-4 of the logits' standard deviation; two correct float32 implementations are within 2.5e-5
(data/reference/README.md)."""
import json
import pathlib
import sys

from bundles import (agreement_file, largest_difference, read_npy, read_safetensors, shared, sinter, skip,
                     temporary_folder, write_agreement)
from gguf_writer import convert

TOLERANCE = 2e-4

name, model, where = sys.argv[1:]
folder = shared(f"reference/{name}")
facts = json.loads((folder / "expected.json").read_text())
expected = read_safetensors(folder / "expected.safetensors")
tokens, std = facts["tokens"], facts["logit_std"]
listed = lambda ids: ",".join(map(str, ids))


def measure(bundle, scratch):
    """The largest differences by prefill and stepwise, of the standard deviation; whether greedy tokens are equal."""
    found = {}
    for way, flags in (("prefill", []), ("stepwise", ["--stepwise"])):
        sinter("logits", bundle, "--device", "cpu", "--tokens", listed(tokens), "-o", f"{scratch}/logits.npy", *flags)
        shape, logits = read_npy(f"{scratch}/logits.npy")
        assert shape == expected["logits"][0], (shape, expected["logits"][0])
        found[way] = largest_difference(logits, expected["logits"][1]) / std
        print(f"{name} {model} {where} {way}: {found[way]:.2e} of std")
    prompt = tokens[: facts["prompt_length"]]
    reply = json.loads(sinter("run", bundle, "--device", "cpu", "--tokens", listed(prompt), "-n", len(facts["greedy"]),
                              "--temp", 0, "--ignore-eos", "--json"))
    found["greedy"] = reply["tokens"] == facts["greedy"]
    return found


with temporary_folder() as scratch:
    if model == "--shared":
        bundle = pathlib.Path(where, "bundle")
        if not bundle.exists():
            skip(f"{bundle} is not there")
        results = agreement_file(where, "cpu")
        measured = measure(bundle, scratch)
        variants = json.loads((bundle / "manifest.json").read_text())["targets"]["cpu"]["variants"]
        write_agreement(results, [{"variant": variants[0], **measured}])
    else:
        bundle = f"{scratch}/bundle"
        path = folder / model
        if model == "to-gguf":
            path = pathlib.Path(scratch, "model.gguf")
            convert(folder, path)
        sinter("compile", path, "-q", "f32", "--variants", where, "-o", bundle, "--quiet")
        measured = measure(bundle, scratch)
worst = max(measured["prefill"], measured["stepwise"])
assert worst <= TOLERANCE, f"logits differ by {worst:.2e} of std"
assert measured["greedy"], "greedy tokens differ"
