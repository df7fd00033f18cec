"""golden.py: a bundle for browsers carries logits of a fixed prompt. They are those of the bundle's weights (the native kernels agree, the
ones of another model do not) and do not depend on what else the bundle is compiled for."""
import json
import pathlib

from bundles import ROOT, read_npy, sinter, skip, temporary_folder

MODEL = ROOT / "examples/tales/model"


def main():
    with temporary_folder() as scratch:
        scratch = pathlib.Path(scratch)
        sinter_or_skip("compile", MODEL, "--target", "wasm", "-q", "q4", "-o", scratch / "wasm", "--quiet")
        sinter("compile", MODEL, "--target", "wasm,cpu", "-q", "q4", "-o", scratch / "both", "--quiet")
        text = (scratch / "wasm/golden.json").read_text()
        assert text == (scratch / "both/golden.json").read_text(), "golden logits depend on the targets"
        golden = json.loads(text)
        tokens = ",".join(map(str, golden["tokens"]))
        sinter("logits", scratch / "both", "--tokens", tokens, "-o", scratch / "logits.npy", "--quiet")
        _, logits = read_npy(scratch / "logits.npy")
        vocabulary = len(logits) // len(golden["tokens"])
        last = logits[-vocabulary:]
        assert max(range(vocabulary), key=last.__getitem__) == golden["likeliest"]
        worst = max(abs(last[i] - x) for i, x in zip(golden["ids"], golden["logits"])) / golden["deviation"]
        assert worst < 0.05, f"golden logits are {worst} deviations from the bundle's"
        sinter("verify", scratch / "wasm", "--quiet")
        print(f"{len(golden['ids'])} logits, {worst:.1e} deviations from the machine's best kernels")


def sinter_or_skip(*arguments):
    try:
        return sinter(*arguments)
    except SystemExit as error:
        if "built without the web library" in str(error):
            skip("this build has no web library")
        raise


if __name__ == "__main__":
    main()
