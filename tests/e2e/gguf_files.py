"""gguf_files.py: what our tests take for GGUF is GGUF. (1) gguf_writer.py makes of the reference folders the very tensors and keys
that llama.cpp's converter made of them. (2) A sliding window that no token reaches changes nothing, whatever the rotary base.
(3) Keys and tensors that nobody knows are refused by name, exit code 3."""
import pathlib
import struct

from bundles import largest_difference, read_npy, shared, sinter, temporary_folder
from gguf_writer import convert

SCALARS = {0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", 7: "<?", 10: "<Q", 11: "<q", 12: "<d"}


class Reader:
    """Keys and tensors (all F32) of a GGUF file."""

    def __init__(self, path):
        self.blob, self.at = path.read_bytes(), 4
        _, tensors, entries = self.take("<I"), self.take("<Q"), self.take("<Q")
        self.keys = dict((self.string(), self.value(self.take("<I"))) for _ in range(entries))
        table = [(self.string(), [self.take("<Q") for _ in range(self.take("<I"))], self.take("<I"), self.take("<Q")) for _ in range(tensors)]
        begin = self.at + -self.at % 32
        self.tensors = {}
        for name, dims, kind, offset in table:
            assert kind == 0, f"{name} is no F32"
            size = 4
            for dim in dims:
                size *= dim
            self.tensors[name] = (dims, self.blob[begin + offset : begin + offset + size])

    def take(self, form):
        (value,) = struct.unpack_from(form, self.blob, self.at)
        self.at += struct.calcsize(form)
        return value

    def string(self):
        size = self.take("<Q")
        self.at += size
        return self.blob[self.at - size : self.at].decode("utf-8", "replace")

    def value(self, kind):
        if kind == 9:
            inner, count = self.take("<I"), self.take("<Q")
            return [self.value(inner) for _ in range(count)]
        return self.string() if kind == 8 else self.take(SCALARS[kind])


def check_writer(scratch):
    for folder in ("llama", "gemma2", "phi-2", "falcon-7b"):
        path = shared(f"reference/{folder}")
        convert(path, scratch / "own.gguf")
        own, theirs = Reader(scratch / "own.gguf"), Reader(path / f"{folder}.gguf")
        assert own.tensors.keys() == theirs.tensors.keys(), own.tensors.keys() ^ theirs.tensors.keys()
        for name, (dims, data) in theirs.tensors.items():
            assert own.tensors[name][0] == dims, f"{folder} {name}: {own.tensors[name][0]}, not {dims}"
            assert own.tensors[name][1] == data, f"{folder} {name} differs"
        for key, value in own.keys.items():
            if key in theirs.keys:
                assert theirs.keys[key] == value, f"{folder} {key}: {value}, not {theirs.keys[key]}"
        prefix = own.keys["general.architecture"] + "."
        missing = {key for key in theirs.keys if key.startswith(prefix)} - own.keys.keys()
        assert missing <= {prefix + "vocab_size"}, missing
        print(f"{folder}: {len(theirs.tensors)} tensors and the keys as llama.cpp's converter writes them")


def logits(scratch, name, overrides):
    convert(shared("reference/llama"), scratch / f"{name}.gguf", overrides)
    sinter("compile", scratch / f"{name}.gguf", "-q", "f32", "--variants", "x86-64-v2", "-o", scratch / name, "--quiet")
    sinter("logits", scratch / name, "--tokens", ",".join(map(str, range(3, 43))), "-o", scratch / "logits.npy", "--quiet")
    return read_npy(scratch / "logits.npy")[1]


def check_window(scratch):
    plain = {"rope__freq_base": 1e6}
    without = logits(scratch, "without", plain)
    wide = logits(scratch, "wide", plain | {"attention__sliding_window": 1000})
    narrow = logits(scratch, "narrow", plain | {"attention__sliding_window": 12})
    assert largest_difference(without, wide) < 1e-5, "a window of 1000 tokens changes 40"
    assert largest_difference(without, narrow) > 0.1, "a window of 12 tokens changes nothing"


REFUSALS = [  # folder, keys, tensors, code, what the message says
    ("llama", {"attention__new_trick": 1}, (), 3, "llama.attention.new_trick is not known here"),
    ("llama", {"expert_count": 8}, (), 3, "llama.expert_count is set"),
    ("llama", {"attention__causal": False}, (), 3, "llama.attention.causal is set"),
    ("llama", {"rope__scaling__type": "longrope", "rope__scaling__factor": 2.0}, (), 3, "'longrope'"),
    ("llama", {"attn_logit_softcapping": 50.0}, (), 3, "llama.attn_logit_softcapping is set"),
    ("llama", {}, ["blk.3.attn_norm.weight"], 3, "model.layers.3.input_layernorm.weight [8] f32 is not used"),
    ("llama", {}, ["blk.0.attn_sinks.weight"], 3, "blk.0.attn_sinks.weight [8] f32 is not used"),
    ("llama", {}, ["blk.0.attn_q.scale"], 3, "blk.0.attn_q.scale"),
    ("gpt2", {"attention__sliding_window": 8}, (), 3, "gpt2.attention.sliding_window is set"),
    ("gpt2", {"attention__max_alibi_bias": 8.0}, (), 3, "gpt2.attention.max_alibi_bias is set"),
    ("gpt2", {"feed_forward_length": 128}, (), 1, "[256, 64] f32 but the configuration asks for [128, 64]"),
    ("falcon-7b", {"tensor_data_layout": "other"}, (), 3, "falcon.tensor_data_layout is 'other'"),
    ("falcon-7b", {}, ["blk.0.ffn_norm.weight"], 3, "blk.0.ffn_norm.weight [8] f32 is not used"),  # RW: no key says ALiBi
    ("gemma3", {"attn_logit_softcapping": 50.0}, (), 3, "gemma3.attn_logit_softcapping is set"),
    ("gemma3", {"attention__sliding_window_pattern": 0}, (), 1, "sliding_window_pattern is 0"),
    ("phi3", {}, ["rope_factors_long.weight"], 1, "one is missing"),
    ("phi3-longrope", {"rope__scaling__original_context_length": 1}, (), 1, "original_context_length is 1;"),
    ("llama", {"tensor_data_layout": "other"}, (), 3, "llama.tensor_data_layout is 'other'"),
    ("stablelm-3b", {"rope__dimension_count": 3}, (), 1, "an even number"),
    ("stablelm-3b", {"attention__sliding_window": 8}, (), 3, "stablelm.attention.sliding_window is set")]


def check_refusals(scratch):
    for folder, keys, tensors, code, message in REFUSALS:
        convert(shared(f"reference/{folder}"), scratch / "odd.gguf", keys, tensors)
        text = sinter("compile", scratch / "odd.gguf", "-o", scratch / "odd", "--quiet", code=code)
        assert message in text, f"{folder} {keys} {tensors}: {text}"


def main():
    with temporary_folder() as scratch:
        scratch = pathlib.Path(scratch)
        check_writer(scratch)
        check_window(scratch)
        check_refusals(scratch)


if __name__ == "__main__":
    main()
