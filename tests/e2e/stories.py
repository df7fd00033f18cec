"""Trained models tell the stories that independent implementations tell.

  stories.py gguf      ../shared/data/models/stories260k: the whole greedy text, as llama2.c documents it
  stories.py folder    ../shared/data/models/tinystories-656k: a bf16 folder; q4 keeps to English words and ends its story
  stories.py tales     examples/tales: greedy tokens and the likeliest tokens of its own training code; q4 tells a whole story
"""
import json
import re
import sys

from bundles import ROOT, read_npy, shared, sinter, temporary_folder


def compile_and_run(model, quantization, scratch, *flags, prompt):
    bundle = f"{scratch}/{quantization}"
    sinter("compile", model, "-q", quantization, "--variants", "native", "-o", bundle, "--quiet")
    return bundle, json.loads(sinter("run", bundle, *prompt, *flags, "--json"))


def words_of(text):
    return re.findall(r"[A-Za-z']+", text)


def gguf(scratch):
    folder = shared("models/stories260k")
    expected = (folder / "EXPECTED-greedy.txt").read_text()
    for quantization in ("f32", "f16"):
        _, reply = compile_and_run(folder / "stories260K.gguf", quantization, scratch, "-n", 300, "--temp", 0,
                                   prompt=["--tokens", "1"])
        got = reply["text"].lstrip()
        assert got.startswith(expected.rstrip()), f"{quantization}: expected\n{expected}\ngot\n{got}"
        print(f"{quantization}: {len(expected)} characters equal")


def folder(scratch):
    model = shared("models/tinystories-656k")
    # Plain English: what our own story generator and the sibling model's documented story are made of.
    sources = [*(ROOT / "examples/tales/train").glob("*.py"), shared("models/stories260k") / "EXPECTED-greedy.txt"]
    vocabulary = {word for path in sources for word in words_of(path.read_text().lower())}
    _, reply = compile_and_run(model, "q4", scratch, "-n", 200, "--temp", 0,
                               prompt=["-p", "<|start_story|>Once upon a time, "])
    said = words_of(reply["text"].lower())
    known = sum(word in vocabulary for word in said)
    print(reply["text"])
    assert len(said) >= 60 and known / len(said) >= 0.9, f"{known} of {len(said)} words are plain English"


def tales(scratch):
    facts = json.loads((ROOT / "examples/tales/expected.json").read_text())
    model = ROOT / "examples/tales/model"
    for case in facts["cases"]:
        ids = ",".join(map(str, case["prompt_ids"]))
        bundle, reply = compile_and_run(model, "f32", scratch, "-n", len(case["greedy_ids"]), "--temp", 0,
                                        "--ignore-eos", prompt=["--tokens", ids])
        assert reply["tokens"] == case["greedy_ids"], (reply["tokens"], case["greedy_ids"])
        sinter("logits", bundle, "--tokens", ids, "-o", f"{scratch}/l.npy")
        (rows, columns), logits = read_npy(f"{scratch}/l.npy")
        last = logits[(rows - 1) * columns :]
        for token, value in case["top_logits"]:
            assert abs(last[token] - value) < 1e-3, (token, last[token], value)
        __import__("shutil").rmtree(bundle)
    _, reply = compile_and_run(model, "q4", scratch, "-n", 300, "--temp", 0, prompt=["-p", "Once upon a time"])
    print(reply["text"])
    assert reply["finish_reason"] == "eos" and len(words_of(reply["text"])) >= 40, reply["finish_reason"]


with temporary_folder() as scratch:
    {"gguf": gguf, "folder": folder, "tales": tales}[sys.argv[1]](scratch)
