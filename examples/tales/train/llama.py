# SPDX-License-Identifier: Apache-2.0
"""A Llama-architecture model in numpy: forward, backward by hand, safetensors in and out.

Nearly all of the time is spent in matrix products: batch and time are merged
into one axis of N = rows * length tokens, q, k and v are one product, and so
are gate and up. They are split only when the model is saved. Weights are
[out, in], and rotary embedding is the half-split form, as Hugging Face has both.
"""
import json
import struct

import numpy as np

CONFIG = {
    "architectures": ["LlamaForCausalLM"],
    "model_type": "llama",
    "vocab_size": 1024,
    "hidden_size": 192,
    "intermediate_size": 512,
    "num_hidden_layers": 4,
    "num_attention_heads": 6,
    "num_key_value_heads": 2,
    "head_dim": 32,
    "hidden_act": "silu",
    "max_position_embeddings": 512,
    "rms_norm_eps": 1e-5,
    "rope_theta": 10000.0,
    "rope_scaling": None,
    "attention_bias": False,
    "mlp_bias": False,
    "attention_dropout": 0.0,
    "initializer_range": 0.02,
    "tie_word_embeddings": True,
    "bos_token_id": 0,
    "eos_token_id": 0,
    "use_cache": True,
    "torch_dtype": "bfloat16",
}


class Shape:
    """The sizes of a config under short names."""

    def __init__(self, config):
        self.vocab, self.width, self.inner = (config[k] for k in ("vocab_size", "hidden_size", "intermediate_size"))
        self.layers, self.head = config["num_hidden_layers"], config["head_dim"]
        self.heads, self.kv = config["num_attention_heads"], config["num_key_value_heads"]
        self.group = self.heads // self.kv
        self.q_width, self.kv_width = self.heads * self.head, self.kv * self.head
        self.epsilon, self.theta = config["rms_norm_eps"], config["rope_theta"]


def initial(shape, rng, dtype=np.float32):
    """Normal weights; those that write into the residual stream are smaller, as in GPT-2."""
    def normal(rows, columns, scale=1.0):
        return (rng.standard_normal((rows, columns)) * 0.02 * scale).astype(dtype)

    out_scale = (2 * shape.layers) ** -0.5
    params = {"embed": normal(shape.vocab, shape.width), "norm": np.ones(shape.width, dtype)}
    for i in range(shape.layers):
        params[f"{i}.norm1"] = np.ones(shape.width, dtype)
        params[f"{i}.qkv"] = normal(shape.q_width + 2 * shape.kv_width, shape.width, 2)
        params[f"{i}.out"] = normal(shape.width, shape.q_width, 2 * out_scale)
        params[f"{i}.norm2"] = np.ones(shape.width, dtype)
        params[f"{i}.gate_up"] = normal(2 * shape.inner, shape.width, 2)
        params[f"{i}.down"] = normal(shape.width, shape.inner, 2 * out_scale)
    return params


class Model:
    def __init__(self, config, params):
        self.shape, self.params = Shape(config), params
        self.tables = {}

    def rope_tables(self, length, dtype):
        """cos, sin [length, head/2] and the causal mask [length, length], to be added to the scores."""
        if length not in self.tables:
            half = self.shape.head // 2
            frequency = self.shape.theta ** (-np.arange(half) * 2.0 / self.shape.head)
            angle = np.arange(length)[:, None] * frequency[None, :]
            mask = np.triu(np.full((length, length), -1e9), 1)
            self.tables[length] = tuple(a.astype(dtype) for a in (np.cos(angle), np.sin(angle), mask))
        return self.tables[length]

    def forward(self, ids, last_only=False):
        """ids [rows, length] -> logits [rows * length, vocab] (or [rows, vocab]), and what backward needs."""
        s, p = self.shape, self.params
        rows, length = ids.shape
        cos, sin, mask = self.rope_tables(length, p["embed"].dtype)
        x, saved = p["embed"][ids.reshape(-1)], []
        for i in range(s.layers):
            h, r1 = rms_norm(x, p[f"{i}.norm1"], s.epsilon)
            qkv = h @ p[f"{i}.qkv"].T
            q, k, v = self.split_heads(qkv, rows, length)
            q, k = rotate(q, cos, sin), rotate(k, cos, sin)
            q = q.reshape(rows, s.kv, s.group * length, s.head)
            k, v = k[:, :, 0], v[:, :, 0]
            score = q @ k.transpose(0, 1, 3, 2)
            score *= s.head ** -0.5
            by_head = score.reshape(rows, s.heads, length, length)
            by_head += mask
            score -= score.max(-1, keepdims=True)
            np.exp(score, out=score)
            score /= score.sum(-1, keepdims=True)
            mixed = self.join_heads((score @ v).reshape(rows, s.kv, s.group, length, s.head))
            x1 = x + mixed @ p[f"{i}.out"].T
            h2, r2 = rms_norm(x1, p[f"{i}.norm2"], s.epsilon)
            gate_up = h2 @ p[f"{i}.gate_up"].T
            gate, up = gate_up[:, :s.inner], gate_up[:, s.inner:]
            sigmoid = 1 / (1 + np.exp(-gate))
            silu = gate * sigmoid
            inner = silu * up
            saved.append((x, h, r1, q, k, v, score, mixed, x1, h2, r2, gate, up, sigmoid, silu, inner))
            x = x1 + inner @ p[f"{i}.down"].T
        last = x.reshape(rows, length, -1)[:, -1] if last_only else x
        h, r = rms_norm(last, p["norm"], s.epsilon)
        return h @ p["embed"].T, (saved, x, h, r)

    def loss(self, ids, targets, grads=None):
        """Mean cross entropy in nats per token; adds d(sum of losses)/d(params) to `grads` if given."""
        logits, kept = self.forward(ids)
        count = np.arange(len(logits))
        targets = targets.reshape(-1)
        logits -= logits.max(-1, keepdims=True)
        picked = logits[count, targets].copy()
        np.exp(logits, out=logits)
        total = logits.sum(-1, keepdims=True)
        value = float(np.mean(np.log(total[:, 0]) - picked))
        if grads is not None:
            logits /= total
            logits[count, targets] -= 1
            self.backward(ids, logits, kept, grads)
        return value

    def backward(self, ids, dlogits, kept, grads):
        s, p = self.shape, self.params
        rows, length = ids.shape
        cos, sin, _ = self.rope_tables(length, p["embed"].dtype)
        saved, x, h, r = kept
        grads["embed"] += dlogits.T @ h
        dx, dnorm = rms_norm_back(dlogits @ p["embed"], x, p["norm"], r)
        grads["norm"] += dnorm
        for i in reversed(range(s.layers)):
            x, h, r1, q, k, v, score, mixed, x1, h2, r2, gate, up, sigmoid, silu, inner = saved[i]
            grads[f"{i}.down"] += dx.T @ inner
            dinner = dx @ p[f"{i}.down"]
            dgate_up = np.empty((len(dx), 2 * s.inner), dx.dtype)
            np.multiply(dinner, silu, out=dgate_up[:, s.inner:])
            dinner *= up
            dinner *= sigmoid
            np.multiply(dinner, 1 + gate - silu, out=dgate_up[:, :s.inner])
            grads[f"{i}.gate_up"] += dgate_up.T @ h2
            dh, dnorm = rms_norm_back(dgate_up @ p[f"{i}.gate_up"], x1, p[f"{i}.norm2"], r2)
            grads[f"{i}.norm2"] += dnorm
            dx += dh
            grads[f"{i}.out"] += dx.T @ mixed
            dmixed = self.heads_of(dx @ p[f"{i}.out"], rows, length, s.kv, s.group)
            dmixed = dmixed.reshape(rows, s.kv, s.group * length, s.head)
            dv = score.transpose(0, 1, 3, 2) @ dmixed
            dscore = dmixed @ v.transpose(0, 1, 3, 2)
            dscore *= score
            dscore -= score * dscore.sum(-1, keepdims=True)
            dscore *= s.head ** -0.5
            dq = (dscore @ k).reshape(rows, s.kv, s.group, length, s.head)
            dk = dscore.transpose(0, 1, 3, 2) @ q
            dqkv = np.concatenate([self.join_heads(rotate(dq, cos, -sin)),
                                   self.join_heads(rotate(dk[:, :, None], cos, -sin)),
                                   self.join_heads(dv[:, :, None])], axis=1)
            grads[f"{i}.qkv"] += dqkv.T @ h
            dh, dnorm = rms_norm_back(dqkv @ p[f"{i}.qkv"], x, p[f"{i}.norm1"], r1)
            grads[f"{i}.norm1"] += dnorm
            dx += dh
        chosen = np.zeros((len(dx), s.vocab), dx.dtype)  # a product with one-hot rows is faster than np.add.at
        chosen[np.arange(len(dx)), ids.reshape(-1)] = 1
        grads["embed"] += chosen.T @ dx

    def split_heads(self, qkv, rows, length):
        s = self.shape
        a, b = s.q_width, s.q_width + s.kv_width
        return (self.heads_of(qkv[:, :a], rows, length, s.kv, s.group), self.heads_of(qkv[:, a:b], rows, length, s.kv, 1),
                self.heads_of(qkv[:, b:], rows, length, s.kv, 1))

    def heads_of(self, x, rows, length, kv, group):
        """[tokens, width] -> [rows, kv heads, query heads of each, length, head]."""
        return np.ascontiguousarray(x.reshape(rows, length, kv, group, self.shape.head).transpose(0, 2, 3, 1, 4))

    def join_heads(self, x):
        rows, kv, group, length, head = x.shape
        return x.transpose(0, 3, 1, 2, 4).reshape(rows * length, kv * group * head)


def rms_norm(x, weight, epsilon):
    r = (np.einsum("nd,nd->n", x, x) / x.shape[1] + epsilon) ** -0.5
    return x * r[:, None] * weight, r


def rms_norm_back(dy, x, weight, r):
    xhat = x * r[:, None]
    dweight = np.einsum("nd,nd->d", dy, xhat)
    dy = dy * weight
    dy -= xhat * (np.einsum("nd,nd->n", dy, xhat) / x.shape[1])[:, None]
    dy *= r[:, None]
    return dy, dweight


def rotate(x, cos, sin):
    """Rotary embedding of the last axis, first half against second half; -sin turns it back."""
    half = x.shape[-1] // 2
    a, b = x[..., :half], x[..., half:]
    return np.concatenate([a * cos - b * sin, b * cos + a * sin], axis=-1)


def hf_tensors(params, shape):
    """The parameters under their Hugging Face names, q/k/v and gate/up apart."""
    out = {"model.embed_tokens.weight": params["embed"]}
    a, b = shape.q_width, shape.q_width + shape.kv_width
    for i in range(shape.layers):
        qkv, gate_up, base = params[f"{i}.qkv"], params[f"{i}.gate_up"], f"model.layers.{i}."
        out[base + "input_layernorm.weight"] = params[f"{i}.norm1"]
        out[base + "self_attn.q_proj.weight"] = qkv[:a]
        out[base + "self_attn.k_proj.weight"] = qkv[a:b]
        out[base + "self_attn.v_proj.weight"] = qkv[b:]
        out[base + "self_attn.o_proj.weight"] = params[f"{i}.out"]
        out[base + "post_attention_layernorm.weight"] = params[f"{i}.norm2"]
        out[base + "mlp.gate_proj.weight"] = gate_up[:shape.inner]
        out[base + "mlp.up_proj.weight"] = gate_up[shape.inner:]
        out[base + "mlp.down_proj.weight"] = params[f"{i}.down"]
    out["model.norm.weight"] = params["norm"]
    return out


def save(path, params, shape):
    """Writes bf16 safetensors, rounding to the nearest even."""
    header, blobs, at = {"__metadata__": {"format": "pt"}}, [], 0
    for name, value in hf_tensors(params, shape).items():
        bits = np.ascontiguousarray(value, np.float32).view(np.uint32)
        blob = ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype("<u2").tobytes()
        header[name] = {"dtype": "BF16", "shape": list(value.shape), "data_offsets": [at, at + len(blob)]}
        blobs.append(blob)
        at += len(blob)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + b"".join(blobs))


def load(path, shape):
    """Reads what `save` wrote, as float32."""
    with open(path, "rb") as file:
        data = file.read()
    size = struct.unpack("<Q", data[:8])[0]
    header, body, t = json.loads(data[8:8 + size]), data[8 + size:], {}
    for name, entry in header.items():
        if name != "__metadata__":
            begin, end = entry["data_offsets"]
            bits = np.frombuffer(body[begin:end], "<u2").astype(np.uint32) << 16
            t[name] = bits.view(np.float32).reshape(entry["shape"])
    params = {"embed": t["model.embed_tokens.weight"], "norm": t["model.norm.weight"]}
    for i in range(shape.layers):
        base = f"model.layers.{i}."
        params[f"{i}.norm1"] = t[base + "input_layernorm.weight"]
        params[f"{i}.norm2"] = t[base + "post_attention_layernorm.weight"]
        params[f"{i}.qkv"] = np.concatenate([t[f"{base}self_attn.{n}_proj.weight"] for n in "qkv"])
        params[f"{i}.out"] = t[base + "self_attn.o_proj.weight"]
        params[f"{i}.gate_up"] = np.concatenate([t[f"{base}mlp.{n}_proj.weight"] for n in ("gate", "up")])
        params[f"{i}.down"] = t[base + "mlp.down_proj.weight"]
    return params
