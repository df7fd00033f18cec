#!/usr/bin/env python3
"""A Llama in GGUF Q4_0 as ONNX, for onnxruntime: the same 4-bit numbers.

  gguf-to-onnx.py MODEL.gguf MODEL.onnx          (writes MODEL.onnx.data too)

Matrices become MatMulNBits (4 bits, blocks of 32, int8 activations), the embedding GatherBlockQuantized, attention
GroupQueryAttention with its rotary embedding. Only nibble order and the scale's type differ: Q4_0 has an f16 scale and
weights i and i + 16 in one byte, MatMulNBits an f32 scale and neighbours in one byte; both mean (nibble - 8) * scale.
The standard library does it all: columns of bytes are strided slices, lookup is bytes.translate, or is one big integer.

Formats: ggml docs/gguf.md; onnx/onnx.proto; onnxruntime docs/ContribOperators.md.
"""
import array
import math
import mmap
import os
import struct
import sys

F32, U8, I32, I64 = 1, 2, 6, 7  # TensorProto.DataType
Q4_0 = 2  # ggml_type


class Gguf:
    """Metadata (scalars and strings) and tensors {name: (type, dims, bytes)}; dims innermost first."""

    def __init__(self, path):
        with open(path, "rb") as file:
            self.data = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
        self.at = 8
        count, entries = self.take("<QQ")
        self.meta = dict(self.entry() for _ in range(entries))
        infos = []
        for _ in range(count):
            name, rank = self.string(), self.take("<I")[0]
            infos.append((name, self.take(f"<{rank}Q"), *self.take("<IQ")))
        base = -(-self.at // 32) * 32
        self.tensors = {}
        for name, dims, kind, offset in infos:
            size = math.prod(dims) * 18 // 32 if kind == Q4_0 else math.prod(dims) * 4
            self.tensors[name] = (kind, dims, self.data[base + offset : base + offset + size])

    def take(self, layout):
        values = struct.unpack_from(layout, self.data, self.at)
        self.at += struct.calcsize(layout)
        return values

    def string(self):
        (size,) = self.take("<Q")
        self.at += size
        return bytes(self.data[self.at - size : self.at]).decode()

    def value(self, kind):
        if kind == 8:
            return self.string()
        if kind == 9:
            inner, count = self.take("<IQ")
            return [self.value(inner) for _ in range(count)]
        return self.take("<" + {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}[kind])[0]

    def entry(self):
        key = self.string()
        return key, self.value(self.take("<I")[0])


def column_or(low, high):
    return (int.from_bytes(low, "little") | int.from_bytes(high, "little")).to_bytes(len(low), "little")


TO_LOW = bytes(b & 15 for b in range(256))
LOW_TO_HIGH = bytes((b & 15) << 4 for b in range(256))
HIGH_TO_LOW = bytes(b >> 4 for b in range(256))
KEEP_HIGH = bytes(b & 0xF0 for b in range(256))


def unpack(blocks):
    """Q4_0 blocks to (nibbles in MatMulNBits' order, f32 scales)."""
    blocks = bytes(blocks)
    scales = array.array("f", struct.unpack(f"<{len(blocks) // 18}e", column_pairs(blocks)))
    out = bytearray(len(blocks) // 18 * 16)
    for i in range(16):
        first, second = blocks[2 + 2 * i % 16 :: 18], blocks[3 + 2 * i % 16 :: 18]
        if i < 8:
            out[i::16] = column_or(first.translate(TO_LOW), second.translate(LOW_TO_HIGH))
        else:
            out[i::16] = column_or(first.translate(HIGH_TO_LOW), second.translate(KEEP_HIGH))
    return bytes(out), scales.tobytes()


def column_pairs(blocks):
    pairs = bytearray(len(blocks) // 18 * 2)
    pairs[0::2], pairs[1::2] = blocks[0::18], blocks[1::18]
    return bytes(pairs)


def halves_from_pairs(blocks, rows, heads):
    """Rows of a rotated matrix: GGUF rotates neighbours, ONNX the two halves of a head."""
    size, dim = len(blocks) // rows, rows // heads
    order = [h * dim + i for h in range(heads) for i in (*range(0, dim, 2), *range(1, dim, 2))]
    return b"".join(blocks[r * size : (r + 1) * size] for r in order)


# --- protobuf ---------------------------------------------------------------------------------------------------------


def varint(value):
    out = bytearray()
    value &= (1 << 64) - 1
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes(out + bytes([value]))


def field(number, value):
    """int: varint; float: fixed32; str and bytes: length-delimited."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    if isinstance(value, float):
        return varint(number << 3 | 5) + struct.pack("<f", value)
    value = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(value)) + value


def message(*fields):
    return b"".join(field(n, v) for n, v in fields)


class Graph:
    def __init__(self, path):
        self.path, self.nodes, self.inits, self.inputs, self.outputs = path, [], [], [], []
        self.data = open(path + ".data", "wb")

    def tensor(self, name, kind, dims, data):
        fields = [(1, d) for d in dims] + [(2, kind), (8, name)]
        if len(data) < 1024:
            fields.append((9, data))
        else:
            self.data.write(b"\0" * (-self.data.tell() % 4096))
            place = (("location", os.path.basename(self.path) + ".data"), ("offset", self.data.tell()), ("length", len(data)))
            fields += [(13, message((1, key), (2, str(value)))) for key, value in place] + [(14, 1)]
            self.data.write(data)
        self.inits.append(message(*fields))
        return name

    def node(self, op, inputs, outputs, domain="", **attributes):
        fields = [(1, x) for x in inputs] + [(2, y) for y in outputs] + [(3, f"n{len(self.nodes)}"), (4, op)]
        for key, value in attributes.items():
            fields.append((5, message((1, key), (2, value), (20, 1)) if isinstance(value, float) else message((1, key), (3, value), (20, 2))))
        self.nodes.append(message(*fields, (7, domain)))
        return outputs[0]

    @staticmethod
    def typed(name, kind, dims):
        shape = b"".join(field(1, message((2, d) if isinstance(d, str) else (1, d))) for d in dims)
        return message((1, name), (2, field(1, message((1, kind), (2, shape)))))

    def save(self):
        self.data.close()
        lists = ((1, self.nodes), (5, self.inits), (11, self.inputs), (12, self.outputs))
        graph = b"".join(field(n, x) for n, items in lists for x in items) + field(2, "llama")
        opsets = [(8, message((1, domain), (2, version))) for domain, version in (("", 17), ("com.microsoft", 1))]
        with open(self.path, "wb") as file:
            file.write(message((1, 8), *opsets, (7, graph)))


class Llama(Graph):
    """The graph as it grows, with the operators a Llama needs."""

    def __init__(self, path, gguf):
        super().__init__(path)
        self.gguf = gguf
        meta = lambda key: gguf.meta["llama." + key]
        self.layers, self.hidden = meta("block_count"), meta("embedding_length")
        self.heads, self.kv_heads = meta("attention.head_count"), meta("attention.head_count_kv")
        self.dim, self.context = meta("rope.dimension_count"), meta("context_length")
        self.theta, self.epsilon = meta("rope.freq_base"), meta("attention.layer_norm_rms_epsilon")

    def packed(self, name, heads=0):
        """(rows, columns, nibbles, scales) of a matrix; heads: its rows are rotated."""
        kind, (columns, rows), blocks = self.gguf.tensors[name + ".weight"]
        if kind != Q4_0:
            sys.exit(f"gguf-to-onnx: {name} is not Q4_0")
        return rows, columns, *unpack(halves_from_pairs(blocks, rows, heads) if heads else blocks)

    def linear(self, x, name, parts):
        columns = parts[0][1]
        rows = sum(part[0] for part in parts)
        q = self.tensor(name + ".q", U8, [rows, columns // 32, 16], b"".join(part[2] for part in parts))
        s = self.tensor(name + ".s", F32, [rows * columns // 32], b"".join(part[3] for part in parts))
        return self.node("MatMulNBits", [x, q, s], [name + ".y"], "com.microsoft", K=columns, N=rows, bits=4, block_size=32, accuracy_level=4)

    def norm_weight(self, name):
        return self.tensor(name, F32, [self.hidden], bytes(self.gguf.tensors[name + ".weight"][2]))

    def add_norm(self, x, y, weight):
        """(normalized sum, sum)."""
        outs = [weight + ".n", "", "", weight + ".sum"]
        self.node("SkipSimplifiedLayerNormalization", [x, y, weight], outs, "com.microsoft", epsilon=self.epsilon)
        return outs[0], outs[3]

    def embedding(self):
        rows, columns, q, s = self.packed("token_embd")
        q, s = self.tensor("embd.q", U8, [rows, columns // 2], q), self.tensor("embd.s", F32, [rows, columns // 32], s)
        return self.node("GatherBlockQuantized", [q, "input_ids", s], ["embd"], "com.microsoft", bits=4, block_size=32, gather_axis=0, quantize_axis=1)

    def rotations(self):
        angles = [p / self.theta ** (2 * i / self.dim) for p in range(self.context) for i in range(self.dim // 2)]
        for name, function in (("cos", math.cos), ("sin", math.sin)):
            self.tensor(name, F32, [self.context, self.dim // 2], array.array("f", map(function, angles)).tobytes())

    def attention(self, x, i):
        block = f"blk.{i}."
        parts = [self.packed(block + "attn_q", self.heads), self.packed(block + "attn_k", self.kv_heads), self.packed(block + "attn_v")]
        caches = [f"{time}.{i}.{what}" for time in ("past", "present") for what in ("key", "value")]
        for name, side, length in zip(caches, (self.inputs, self.inputs, self.outputs, self.outputs), "pptt"):
            side.append(self.typed(name, F32, [1, self.kv_heads, length, self.dim]))
        inputs = [self.linear(x, block + "qkv", parts), "", "", *caches[:2], "seqlens_k", "total_sequence_length", "cos", "sin"]
        y = self.node("GroupQueryAttention", inputs, [block + "a", *caches[2:]], "com.microsoft", num_heads=self.heads,
                      kv_num_heads=self.kv_heads, do_rotary=1, rotary_interleaved=0, scale=self.dim**-0.5)
        return self.linear(y, block + "o", [self.packed(block + "attn_output")])

    def mlp(self, x, i):
        block = f"blk.{i}."
        gate, up = (self.linear(x, block + n, [self.packed(block + "ffn_" + n)]) for n in ("gate", "up"))
        silu = self.node("Mul", [gate, self.node("Sigmoid", [gate], [block + "sigmoid"])], [block + "silu"])
        return self.linear(self.node("Mul", [silu, up], [block + "act"]), block + "down", [self.packed(block + "ffn_down")])

    def build(self):
        self.inputs += [self.typed("input_ids", I64, [1, "s"]), self.typed("seqlens_k", I32, [1]), self.typed("total_sequence_length", I32, [])]
        x = self.embedding()
        self.rotations()
        y = self.node("SimplifiedLayerNormalization", [x, self.norm_weight("blk.0.attn_norm")], ["norm0"], axis=-1, epsilon=self.epsilon, stash_type=1)
        for i in range(self.layers):
            y, x = self.add_norm(x, self.attention(y, i), self.norm_weight(f"blk.{i}.ffn_norm"))
            after = f"blk.{i + 1}.attn_norm" if i + 1 < self.layers else "output_norm"
            y, x = self.add_norm(x, self.mlp(y, i), self.norm_weight(after))
        last = self.node("Gather", [y, self.tensor("last", I64, [1], struct.pack("<q", -1))], ["last.y"], axis=1)
        head = self.packed("output")
        self.node("Identity", [self.linear(last, "output", [head])], ["logits"])
        self.outputs.append(self.typed("logits", F32, [1, 1, head[0]]))
        self.save()


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    Llama(sys.argv[2], Gguf(sys.argv[1])).build()
