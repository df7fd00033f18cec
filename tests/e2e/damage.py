"""Making damaged models for errors.py: a folder whose config, safetensors header and files can be changed, and GGUF files
written value by value, right or wrong."""
import json
import pathlib
import shutil
import struct

from bundles import ROOT

TALES = ROOT / "examples/tales/model"


class Folder:
    """A copy of a Hugging Face folder."""

    def __init__(self, path, source=TALES):
        self.path = pathlib.Path(path)
        shutil.copytree(source, self.path)

    def file(self, name):
        return self.path / name

    def change_json(self, name, change):
        """change(document) edits it in place or returns another."""
        document = json.loads(self.file(name).read_text())
        changed = change(document)
        self.file(name).write_text(json.dumps(document if changed is None else changed))

    def config(self, **values):
        """Sets values of config.json; None removes one."""
        document = json.loads(self.file("config.json").read_text())
        document.update(values)
        self.file("config.json").write_text(json.dumps({k: v for k, v in document.items() if v is not None}))

    # The weights: 8 bytes of length, the JSON header, the data.

    def weights(self):
        blob = self.file("model.safetensors").read_bytes()
        (size,) = struct.unpack_from("<Q", blob)
        return blob[8 : 8 + size], blob[8 + size :]

    def write_weights(self, header, data, length=None, name="model.safetensors"):
        header = header if isinstance(header, bytes) else json.dumps(header).encode()
        length = len(header) if length is None else length
        self.file(name).write_bytes(struct.pack("<Q", length) + header + data)

    def header(self, change):
        """change(tensors) edits the header; the data stays."""
        header, data = self.weights()
        tensors = json.loads(header)
        changed = change(tensors)
        self.write_weights(tensors if changed is None else changed, data)

    def data(self, change):
        """change(bytearray of all the data, header) edits the data."""
        header, data = self.weights()
        data = bytearray(data)
        change(data, json.loads(header))
        self.write_weights(header, bytes(data))

    def tensor(self, name):
        """(header entry, bytes) of one tensor."""
        header, data = self.weights()
        entry = json.loads(header)[name]
        return entry, data[slice(*entry["data_offsets"])]

    def split(self, names):
        """The tensors in as many shards as there are names, with an index; returns the weight map."""
        header, data = self.weights()
        tensors = {k: v for k, v in json.loads(header).items() if k != "__metadata__"}
        parts = [{} for _ in names]
        blobs = [b""] * len(names)
        for i, (name, entry) in enumerate(sorted(tensors.items())):
            at = i % len(names)
            begin = len(blobs[at])
            blobs[at] += data[slice(*entry["data_offsets"])]
            parts[at][name] = dict(entry, data_offsets=[begin, len(blobs[at])])
        for name, part, blob in zip(names, parts, blobs):
            self.write_weights(part, blob, name=name)
        self.file("model.safetensors").unlink()
        index = {tensor: name for name, part in zip(names, parts) for tensor in part}
        self.write_index(index)
        return index

    def write_index(self, index):
        self.file("model.safetensors.index.json").write_text(json.dumps({"metadata": {}, "weight_map": index}))


# GGUF (ggml docs/gguf.md): types of values.
U8, I8, U16, I16, U32, I32, F32, BOOL, STRING, ARRAY, U64, I64, F64 = range(13)
_PACKED = {U8: "<B", I8: "<b", U16: "<H", I16: "<h", U32: "<I", I32: "<i", F32: "<f", BOOL: "<B", U64: "<Q", I64: "<q",
           F64: "<d"}


def gguf_string(text):
    raw = text.encode() if isinstance(text, str) else text
    return struct.pack("<Q", len(raw)) + raw


def gguf_value(kind, value):
    """The bytes of a typed value, type first; an array's value is (element type, list)."""
    head = struct.pack("<I", kind)
    if kind == STRING:
        return head + gguf_string(value)
    if kind == ARRAY:
        of, items = value
        return head + struct.pack("<IQ", of, len(items)) + b"".join(gguf_value(of, item)[4:] for item in items)
    return head + struct.pack(_PACKED[kind], value)


def gguf_metadata(**changes):
    """Metadata of a small llama; changes: key with _ for . -> (type, value), bytes to stand as they are, or None."""
    keys = {
        "general.architecture": (STRING, "llama"), "llama.block_count": (U32, 1), "llama.context_length": (U32, 64),
        "llama.embedding_length": (U32, 32), "llama.feed_forward_length": (U32, 64), "llama.attention.head_count": (U32, 2),
        "llama.attention.head_count_kv": (U32, 2), "llama.rope.dimension_count": (U32, 16),
        "llama.attention.layer_norm_rms_epsilon": (F32, 1e-5), "llama.vocab_size": (U32, 32),
    }
    keys.update(changes)
    return {key: value for key, value in keys.items() if value is not None}


def gguf_tensors():
    """[(name, dimensions, type, offset or None)] of the same model, all of them F32."""
    shapes = {"token_embd.weight": [32, 32], "output_norm.weight": [32], "output.weight": [32, 32],
              "blk.0.attn_norm.weight": [32], "blk.0.ffn_norm.weight": [32]}
    shapes.update({f"blk.0.attn_{part}.weight": [32, 32] for part in ("q", "k", "v", "output")})
    shapes.update({"blk.0.ffn_gate.weight": [32, 64], "blk.0.ffn_up.weight": [32, 64], "blk.0.ffn_down.weight": [64, 32]})
    return [(name, shape, 0, None) for name, shape in shapes.items()]


def gguf_file(metadata=None, tensors=None, *, magic=b"GGUF", version=3, tensor_count=None, key_count=None, data=None):
    """A GGUF file; whatever is not given is right."""
    metadata = gguf_metadata() if metadata is None else metadata
    tensors = gguf_tensors() if tensors is None else tensors
    out = magic + struct.pack("<IQQ", version, len(tensors) if tensor_count is None else tensor_count,
                              len(metadata) if key_count is None else key_count)
    for key, value in metadata.items():
        out += gguf_string(key) + (value if isinstance(value, bytes) else gguf_value(*value))
    offset = 0
    for name, shape, kind, at in tensors:
        out += gguf_string(name) + struct.pack("<I", len(shape)) + b"".join(struct.pack("<Q", d) for d in shape)
        out += struct.pack("<IQ", kind, (offset if at is None else at) % 2**64)
        size = 4
        for dimension in shape:
            size *= dimension
        offset += size + (-size) % 32
    out += bytes(-len(out) % 32)
    return out + (bytes(min(offset, 1 << 20)) if data is None else data)
