"""A GGUF file from a Hugging Face folder with one small safetensors file: names, keys and layouts as llama.cpp's converter
writes them (conversion/*.py there, and the GGUF specification), so that our reading of them can be checked against the
folder's reference numbers. All tensors become F32; no tokenizer. Not for users."""
import array
import json
import math
import re
import struct

U32, I32, F32, BOOL, STRING, ARRAY = 4, 5, 6, 7, 8, 9


class Gguf:
    """Key-value pairs and F32 tensors, written in the order they were added."""

    def __init__(self, architecture):
        self.architecture, self.entries, self.tensors = architecture, [], []
        self.entry("general.architecture", STRING, architecture)

    def entry(self, key, kind, value):
        """A key that is there already is replaced."""
        self.entries = [entry for entry in self.entries if entry[0] != key] + [(key, kind, value)]

    def keys(self, **values):
        """Keys of the architecture: `__` stands for a dot; the type follows from the value."""
        for name, value in values.items():
            kind = BOOL if isinstance(value, bool) else U32 if isinstance(value, int) else F32 if isinstance(value, float) else STRING
            self.entry(f"{self.architecture}.{name.replace('__', '.')}", kind, value)

    def tensor(self, name, shape, values):
        self.tensors.append((name, shape, values))

    def write(self, path):
        def string(text):
            data = text.encode()
            return struct.pack("<Q", len(data)) + data

        def payload(kind, value):
            if kind == ARRAY:  # (element kind, values)
                return struct.pack("<IQ", value[0], len(value[1])) + b"".join(payload(value[0], v) for v in value[1])
            return string(value) if kind == STRING else struct.pack({U32: "<I", I32: "<i", F32: "<f", BOOL: "<?"}[kind], value)

        head = b"GGUF" + struct.pack("<IQQ", 3, len(self.tensors), len(self.entries))
        for key, kind, value in self.entries:
            head += string(key) + struct.pack("<I", kind) + payload(kind, value)
        body = b""
        for name, shape, values in self.tensors:
            body += b"\0" * (-len(body) % 32)
            head += string(name) + struct.pack(f"<I{len(shape)}QIQ", len(shape), *reversed(shape), 0, len(body))
            body += values.tobytes()
        path.write_bytes(head + b"\0" * (-len(head) % 32) + body)


def read_floats(path):
    """{name: (shape, array of f32)} of the F32, F16 and BF16 tensors of a safetensors file."""
    blob = path.read_bytes()
    (size,) = struct.unpack_from("<Q", blob)
    tensors = {}
    for name, info in json.loads(blob[8 : 8 + size]).items():
        if name == "__metadata__" or info["dtype"] not in ("F32", "F16", "BF16"):
            continue
        begin, end = info["data_offsets"]
        data = blob[8 + size + begin : 8 + size + end]
        if info["dtype"] == "BF16":
            wide = bytearray(2 * len(data))
            wide[2::4], wide[3::4] = data[0::2], data[1::2]
            data = bytes(wide)
        values = array.array("f", struct.unpack(f"<{len(data) // 2}e", data) if info["dtype"] == "F16" else data)
        tensors[name] = (info["shape"], values)
    return tensors


# --- Rows ---------------------------------------------------------------------------------------------------------------


def take_rows(shape, values, order):
    width = len(values) // shape[0]
    taken = array.array("f")
    for row in order:
        taken.extend(values[row * width : (row + 1) * width])
    return [len(order), *shape[1:]], taken


def transpose(shape, values):
    rows, columns = shape
    return [columns, rows], array.array("f", (values[r * columns + c] for c in range(columns) for r in range(rows)))


def interleaved(rows, heads):
    """Half-split rotary rows as neighbouring pairs."""
    dim = rows // heads
    return [head * dim + i // 2 + (i % 2) * dim // 2 for head in range(heads) for i in range(dim)]


def stacked(heads, kv_heads, dim):
    """All q, then all k, then all v, of rows that lie group by group: heads / kv_heads queries, k, v."""
    per = heads // kv_heads
    unit = (per + 2) * dim
    part = lambda first, count: [g * unit + first * dim + i for g in range(kv_heads) for i in range(count * dim)]
    return part(0, per) + part(per, 1) + part(per + 1, 1)


# --- Names --------------------------------------------------------------------------------------------------------------

LLAMA = {"input_layernorm": "attn_norm", "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v",
         "self_attn.o_proj": "attn_output", "post_attention_layernorm": "ffn_norm", "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up",
         "mlp.down_proj": "ffn_down", "self_attn.q_norm": "attn_q_norm", "self_attn.k_norm": "attn_k_norm"}
GEMMA2 = LLAMA | {"post_attention_layernorm": "post_attention_norm", "pre_feedforward_layernorm": "ffn_norm",
                  "post_feedforward_layernorm": "post_ffw_norm"}
PHI2 = LLAMA | {"self_attn.dense": "attn_output", "mlp.fc1": "ffn_up", "mlp.fc2": "ffn_down"}
PHI3 = LLAMA | {"self_attn.qkv_proj": "attn_qkv", "mlp.gate_up_proj": "ffn_up"}
NEOX = {"input_layernorm": "attn_norm", "attention.query_key_value": "attn_qkv", "attention.dense": "attn_output",
        "post_attention_layernorm": "ffn_norm", "mlp.dense_h_to_4h": "ffn_up", "mlp.dense_4h_to_h": "ffn_down"}
FALCON = {"input_layernorm": "attn_norm", "ln_mlp": "attn_norm", "ln_attn": "attn_norm_2", "self_attention.query_key_value": "attn_qkv",
          "self_attention.dense": "attn_output", "mlp.dense_h_to_4h": "ffn_up", "mlp.dense_4h_to_h": "ffn_down"}
GPT2 = {"ln_1": "attn_norm", "attn.c_attn": "attn_qkv", "attn.c_proj": "attn_output", "ln_2": "ffn_norm", "mlp.c_fc": "ffn_up",
        "mlp.c_proj": "ffn_down"}
OUTSIDE = {"model.embed_tokens": "token_embd", "model.norm": "output_norm", "lm_head": "output", "model.final_layernorm": "output_norm",
           "transformer.word_embeddings": "token_embd", "transformer.ln_f": "output_norm", "wte": "token_embd", "wpe": "position_embd",
           "ln_f": "output_norm", "gpt_neox.embed_in": "token_embd", "gpt_neox.final_layer_norm": "output_norm", "embed_out": "output"}

# model_type -> architecture, names within a layer
ARCHITECTURES = {"llama": ("llama", LLAMA), "mistral": ("llama", LLAMA), "qwen2": ("qwen2", LLAMA), "qwen3": ("qwen3", LLAMA),
                 "gemma": ("gemma", LLAMA), "gemma2": ("gemma2", GEMMA2), "gemma3_text": ("gemma3", GEMMA2), "phi": ("phi2", PHI2),
                 "phi3": ("phi3", PHI3), "falcon": ("falcon", FALCON), "stablelm": ("stablelm", LLAMA), "gpt2": ("gpt2", GPT2),
                 "gpt_neox": ("gptneox", NEOX)}
BUFFERS = (".attn.bias", ".attention.bias", ".attention.masked_bias", ".rotary_emb.inv_freq")


def gguf_name(name, in_layer):
    stem, suffix = name.rsplit(".", 1)
    found = re.fullmatch(r"(?:model\.layers|transformer\.h|h|gpt_neox\.layers)\.(\d+)\.(.+)", stem)
    return f"blk.{found[1]}.{in_layer[found[2]]}.{suffix}" if found else f"{OUTSIDE[stem]}.{suffix}"


# --- Keys ---------------------------------------------------------------------------------------------------------------


class Sizes:
    def __init__(self, config):
        first = lambda *names: next((config[n] for n in names if config.get(n) is not None), None)
        self.hidden, self.heads = first("hidden_size", "n_embd"), first("num_attention_heads", "n_head")
        self.layers = first("num_hidden_layers", "n_layer")
        self.kv_heads = first("num_key_value_heads", "num_kv_heads") or (1 if config.get("multi_query") else self.heads)
        self.ffn = first("intermediate_size", "n_inner") or 4 * self.hidden
        self.dim = config.get("head_dim") or self.hidden // self.heads
        self.context = first("max_position_embeddings", "n_positions") or 2048
        self.epsilon = float(first("rms_norm_eps", "layer_norm_eps", "layer_norm_epsilon"))
        self.layer_norm = config.get("rms_norm_eps") is None
        self.theta = float(first("rope_theta", "rotary_emb_base") or 10000.0)
        share = first("partial_rotary_factor", "rotary_pct")
        self.rotated = int(self.dim * (1 if share is None else share))


def add_longrope(file, config, sizes):
    scaling, original = config.get("rope_scaling"), config["original_max_position_embeddings"]
    file.keys(rope__scaling__original_context_length=original)
    if scaling:
        stretch = sizes.context / original
        file.keys(rope__scaling__attn_factor=math.sqrt(1 + math.log(stretch) / math.log(original)))
        for length in ("long", "short"):
            factors = array.array("f", scaling[f"{length}_factor"])
            file.tensor(f"rope_factors_{length}.weight", [len(factors)], factors)


def add_keys(file, config, sizes, kind):
    file.keys(block_count=sizes.layers, context_length=sizes.context, embedding_length=sizes.hidden, feed_forward_length=sizes.ffn,
              attention__head_count=sizes.heads)
    if kind != "gpt2":
        file.keys(attention__head_count_kv=sizes.kv_heads)
    file.keys(**{"attention__layer_norm_epsilon" if sizes.layer_norm else "attention__layer_norm_rms_epsilon": sizes.epsilon})
    if "head_dim" in config:
        file.keys(attention__key_length=sizes.dim, attention__value_length=sizes.dim)
    if kind in ("llama", "mistral", "qwen2", "qwen3", "gemma3_text", "phi3"):  # the others have none in published files
        file.keys(rope__freq_base=sizes.theta)
    if kind in ("llama", "mistral", "phi", "phi3", "stablelm", "gpt_neox"):
        file.keys(rope__dimension_count=sizes.rotated)
    if kind == "falcon":
        file.keys(tensor_data_layout="jploski")
    if kind == "gpt_neox":
        file.keys(use_parallel_residual=config.get("use_parallel_residual", True))
    if kind == "stablelm":  # true where the checkpoint says nothing: so do the published files
        file.keys(use_parallel_residual=config.get("use_parallel_residual", True))
    if kind == "gemma2":
        file.keys(attn_logit_softcapping=config["attn_logit_softcapping"], final_logit_softcapping=config["final_logit_softcapping"])
        if config["query_pre_attn_scalar"] != sizes.dim:  # only 27B models have that, known by their layers; this one has three
            file.keys(attention__scale=config["query_pre_attn_scalar"] ** -0.5)
    if kind in ("gemma2", "gemma3_text", "phi3", "mistral"):
        file.keys(attention__sliding_window=config.get("sliding_window") or 0)
    if config.get("sliding_window_pattern", 6) != 6:
        file.keys(attention__sliding_window_pattern=config["sliding_window_pattern"])
    if kind == "phi3":
        add_longrope(file, config, sizes)


def llama3_factors(config, sizes):
    """The bands of Llama 3.1 as divisors of the frequencies."""
    scaling = config["rope_scaling"]
    low, high, original = scaling["low_freq_factor"], scaling["high_freq_factor"], scaling["original_max_position_embeddings"]
    factors = array.array("f")
    for i in range(0, sizes.dim, 2):
        length = 2 * math.pi * sizes.theta ** (i / sizes.dim)
        smooth = (original / length - low) / (high - low)
        keeps, divides = length < original / high, length > original / low
        factors.append(1 if keeps else scaling["factor"] if divides else 1 / ((1 - smooth) / scaling["factor"] + smooth))
    return factors


# --- Tensors ------------------------------------------------------------------------------------------------------------


def converted(kind, name, shape, values, config, sizes):
    if kind.startswith("gemma") and name.endswith("norm.weight"):
        return shape, array.array("f", (1 + v for v in values))
    if kind in ("llama", "mistral") and ("q_proj" in name or "k_proj" in name):
        return take_rows(shape, values, interleaved(shape[0], sizes.heads if "q_proj" in name else sizes.kv_heads))
    if kind == "gpt2" and len(shape) == 2 and ("attn.c_" in name or "mlp.c_" in name):
        return transpose(shape, values)
    if "query_key_value" in name:
        kv = sizes.heads if kind == "gpt_neox" else sizes.kv_heads
        return take_rows(shape, values, stacked(sizes.heads, kv, sizes.dim))
    return shape, values


def convert(folder, path, overrides=None, extra=()):
    """Writes `folder` as GGUF; `overrides`: further keys of the architecture, as of Gguf.keys; `extra`: names of vectors of eight
    zeros that are added."""
    config = json.loads((folder / "config.json").read_text())
    kind, sizes = config["model_type"], Sizes(config)
    architecture, in_layer = ARCHITECTURES[kind]
    if kind == "stablelm":
        in_layer = in_layer | {"self_attn.q_layernorm": "attn_q_norm", "self_attn.k_layernorm": "attn_k_norm"}
    file = Gguf(architecture)
    add_keys(file, config, sizes, kind)
    file.keys(**(overrides or {}))
    if (config.get("rope_scaling") or {}).get("rope_type") == "llama3":
        factors = llama3_factors(config, sizes)
        file.tensor("rope_freqs.weight", [len(factors)], factors)
    heads = {}  # StableLM's norms of single heads, which become one tensor
    for name, (shape, values) in read_floats(folder / "model.safetensors").items():
        if name.endswith(BUFFERS):
            continue
        if single := re.fullmatch(r"(.+layernorm)\.norms\.(\d+)\.weight", name):
            heads.setdefault(single[1], {})[int(single[2])] = values
            continue
        file.tensor(gguf_name(name, in_layer), *converted(kind, name, shape, values, config, sizes))
    for name, norms in heads.items():
        joined = array.array("f", (v for i in sorted(norms) for v in norms[i]))
        file.tensor(gguf_name(f"{name}.weight", in_layer), [len(norms), sizes.dim], joined)
    for name in extra:
        file.tensor(name, [8], array.array("f", 8 * [0]))
    file.write(path)
