"""precision.py: what overflows in f16 is kept in f32. `inspect` says which numbers a plan keeps as what, and a Gemma whose residual stream
lies far beyond f16's range (its embeddings times 2^16) computes the same with f16 weights and caches as with f32."""
import json
import math
import pathlib
import shutil
import struct

from bundles import largest_difference, read_npy, shared, sinter, temporary_folder


def precision(folder, quantization):
    report = json.loads(sinter("inspect", shared(f"reference/{folder}"), "--quantization", quantization, "--json"))
    return report["precision"]


def enlarged(folder, out, power):
    """A copy of a bf16 model whose embedding is 2^power times as large: exact, 128 * power more in every exponent."""
    out.mkdir()
    shutil.copy(folder / "config.json", out)
    data = bytearray((folder / "model.safetensors").read_bytes())
    (size,) = struct.unpack_from("<Q", data)
    info = json.loads(data[8 : 8 + size])["model.embed_tokens.weight"]
    assert info["dtype"] == "BF16", info
    begin, end = (8 + size + offset for offset in info["data_offsets"])
    for at in range(begin, end, 2):
        (bits,) = struct.unpack_from("<H", data, at)
        if bits & 0x7F80:
            struct.pack_into("<H", data, at, bits + 128 * power)
    (out / "model.safetensors").write_bytes(data)
    return out


def logits(scratch, model, quantization):
    sinter("compile", model, "-q", quantization, "--variants", "x86-64-v2", "-o", scratch / quantization, "--quiet")
    sinter("logits", scratch / quantization, "--tokens", ",".join(map(str, range(3, 35))), "-o", scratch / "logits.npy", "--quiet")
    return read_npy(scratch / "logits.npy")[1]


def main():
    for folder in ("gemma2", "phi-2"):
        small, whole = precision(folder, "q4"), precision(folder, "f32")
        assert small["values"] == whole["values"] == small["sums"] == "f32", small
        assert small["caches"] == "f16" and whole["caches"] == "f32", (small, whole)
        assert small["products_of_8_bit_inputs"] > 0 and small["products_of_f32_inputs"] == 0, small
        assert whole["products_of_8_bit_inputs"] == 0 and whole["products_of_f32_inputs"] > 0, whole
    text = sinter("inspect", shared("reference/gemma2"), "--quantization", "q4")
    assert "residual stream and values between kernels f32, sums f32, keys and values f16" in text, text
    with temporary_folder() as scratch:
        scratch = pathlib.Path(scratch)
        large = enlarged(shared("reference/gemma"), scratch / "large", 16)
        reference, half = logits(scratch, large, "f32"), logits(scratch, large, "f16")
        spread = math.sqrt(sum(x * x for x in reference) / len(reference))
        assert spread > 1e4, f"logits of deviation {spread}: nothing is large here"
        error = largest_difference(reference, half) / spread
        print(f"f16 weights and caches: {error:.1e} of a deviation from f32")
        assert error < 1e-2, error


if __name__ == "__main__":
    main()
