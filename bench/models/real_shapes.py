#!/usr/bin/env python3
"""Random checkpoints in the shapes of published models, compiled: time, peak memory, bundle size, predicted device bytes.

  real_shapes.py [MODEL...] [--quantization q4] [--target cpu] [--context N] [--limit 4G] [--tokens N] [--folder DIR] [--json FILE]
  real_shapes.py --write MODEL --folder DIR      only writes the checkpoint
  real_shapes.py --show FILE                     prints the table of lines that --json wrote

One model at a time: its config.json and bf16 safetensors (one shard a GiB) are written to --folder, compiled under
--limit of private memory, run for --tokens tokens if asked, and deleted. Weights repeat a tile of normally distributed
numbers: a compile does not see the difference, and writing costs no more than the disk. Where checkpoint and bundle would
take more than 20 GB, the up projections are stored as F8_E4M3 (marked *).

Seconds are processor time of all threads; wall time says little on a busy machine. Peak: resident memory, mapped pages of the
checkpoint included. Standard library only.
"""
import argparse
import array
import json
import os
import pathlib
import random
import shutil
import struct
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
TILE = (1 << 20) - 3  # odd, so that rows differ
SHARD = 1 << 30
MOST_BYTES = 20e9

# --- Configurations, as published --------------------------------------------------------------------------------------


def decoder(kind, model_class, layers, hidden, heads, ffn, vocab, **more):
    return {"model_type": kind, "architectures": [model_class], "num_hidden_layers": layers, "hidden_size": hidden, "num_attention_heads": heads,
            "intermediate_size": ffn, "vocab_size": vocab, "torch_dtype": "bfloat16"} | more


def gemma(kind, model_class, layers, hidden, heads, kv, ffn, vocab=256000, **more):
    return decoder(kind, model_class, layers, hidden, heads, ffn, vocab, num_key_value_heads=kv, head_dim=256, rms_norm_eps=1e-6,
                   hidden_activation="gelu_pytorch_tanh", max_position_embeddings=8192, rope_theta=10000.0) | more


LONGROPE = {"type": "longrope", "short_factor": 48 * [1.0], "long_factor": [1 + i / 2 for i in range(48)]}
GEMMA2 = {"attn_logit_softcapping": 50.0, "final_logit_softcapping": 30.0, "query_pre_attn_scalar": 256, "sliding_window": 4096}
LLAMA3 = {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 8192}

SHAPES = {
    "gpt2": decoder("gpt2", "GPT2LMHeadModel", 12, 768, 12, 3072, 50257, n_positions=1024),
    "qwen3-0.6b": decoder("qwen3", "Qwen3ForCausalLM", 28, 1024, 16, 3072, 151936, num_key_value_heads=8, head_dim=128, rms_norm_eps=1e-6,
                          max_position_embeddings=40960, rope_theta=1e6, tie_word_embeddings=True),
    "gemma-3-1b": gemma("gemma3_text", "Gemma3ForCausalLM", 26, 1152, 4, 1, 6912, 262144, rope_theta=1e6, sliding_window=512,
                        query_pre_attn_scalar=256, max_position_embeddings=32768),
    "pythia-1.4b": decoder("gpt_neox", "GPTNeoXForCausalLM", 24, 2048, 16, 8192, 50304, rotary_pct=0.25, max_position_embeddings=2048,
                           tie_word_embeddings=False),
    "falcon-rw-1b": decoder("falcon", "FalconForCausalLM", 24, 2048, 32, 8192, 50304, alibi=True, multi_query=False, parallel_attn=False, bias=True),
    "stablelm-2-1.6b": decoder("stablelm", "StableLmForCausalLM", 24, 2048, 32, 5632, 100352, num_key_value_heads=32, use_qkv_bias=True,
                               partial_rotary_factor=0.25, max_position_embeddings=4096),
    "gemma-2b": gemma("gemma", "GemmaForCausalLM", 18, 2048, 8, 1, 16384),
    "gemma-2-2b": gemma("gemma2", "Gemma2ForCausalLM", 26, 2304, 8, 4, 9216, **GEMMA2),
    "phi-2": decoder("phi", "PhiForCausalLM", 32, 2560, 32, 10240, 51200, partial_rotary_factor=0.4, hidden_act="gelu_new",
                     max_position_embeddings=2048),
    "stablelm-3b": decoder("stablelm", "StableLmForCausalLM", 32, 2560, 32, 6912, 50304, num_key_value_heads=32, partial_rotary_factor=0.25,
                           max_position_embeddings=4096),
    "phi-3-mini-4k": decoder("phi3", "Phi3ForCausalLM", 32, 3072, 32, 8192, 32064, num_key_value_heads=32, rms_norm_eps=1e-5,
                             sliding_window=2047, max_position_embeddings=4096, original_max_position_embeddings=4096),
    "phi-4-mini": decoder("phi3", "Phi3ForCausalLM", 32, 3072, 24, 8192, 200064, num_key_value_heads=8, rms_norm_eps=1e-5,
                          partial_rotary_factor=0.75, max_position_embeddings=131072, original_max_position_embeddings=4096,
                          rope_scaling=LONGROPE, tie_word_embeddings=True, sliding_window=262144),
    "falcon-7b": decoder("falcon", "FalconForCausalLM", 32, 4544, 71, 18176, 65024, alibi=False, multi_query=True, parallel_attn=True, bias=False),
    "llama-3.1-8b": decoder("llama", "LlamaForCausalLM", 32, 4096, 32, 14336, 128256, num_key_value_heads=8, rms_norm_eps=1e-5,
                            max_position_embeddings=131072, rope_theta=5e5, rope_scaling=LLAMA3),
    "gemma-7b": gemma("gemma", "GemmaForCausalLM", 28, 3072, 16, 16, 24576),
}

# --- Tensors of a family -----------------------------------------------------------------------------------------------


class Tensors:
    """(name, shape) in file order; `m` a matrix [rows, columns], `n` a norm, with or without biases."""

    def __init__(self):
        self.list = []

    def m(self, name, rows, columns, bias=False):
        self.list.append((f"{name}.weight", [rows, columns]))
        if bias:
            self.list.append((f"{name}.bias", [rows]))

    def n(self, name, size, bias=False):
        self.list.append((f"{name}.weight", [size]))
        if bias:
            self.list.append((f"{name}.bias", [size]))


def split_layer(t, c, prefix, qkv, norm_bias=False, qkv_bias=False, norms=("input_layernorm", "post_attention_layernorm")):
    """Llama, Qwen3, Gemma, StableLM."""
    d, (q, kv) = c["hidden_size"], qkv
    t.n(f"{prefix}{norms[0]}", d, norm_bias)
    for name, rows in (("q", q), ("k", kv), ("v", kv)):
        t.m(f"{prefix}self_attn.{name}_proj", rows, d, qkv_bias)
    if c["model_type"] in ("qwen3", "gemma3_text"):
        t.n(f"{prefix}self_attn.q_norm", c["head_dim"])
        t.n(f"{prefix}self_attn.k_norm", c["head_dim"])
    t.m(f"{prefix}self_attn.o_proj", d, q)
    for name in norms[1:]:
        t.n(f"{prefix}{name}", d, norm_bias)
    t.m(f"{prefix}mlp.gate_proj", c["intermediate_size"], d)
    t.m(f"{prefix}mlp.up_proj", c["intermediate_size"], d)
    t.m(f"{prefix}mlp.down_proj", d, c["intermediate_size"])


def phi_layer(t, c, prefix, qkv):
    d = c["hidden_size"]
    t.n(f"{prefix}input_layernorm", d, True)
    for name in ("q_proj", "k_proj", "v_proj", "dense"):
        t.m(f"{prefix}self_attn.{name}", d, d, True)
    t.m(f"{prefix}mlp.fc1", c["intermediate_size"], d, True)
    t.m(f"{prefix}mlp.fc2", d, c["intermediate_size"], True)


def phi3_layer(t, c, prefix, qkv):
    d = c["hidden_size"]
    t.n(f"{prefix}input_layernorm", d)
    t.m(f"{prefix}self_attn.qkv_proj", qkv[0] + 2 * qkv[1], d)
    t.m(f"{prefix}self_attn.o_proj", d, qkv[0])
    t.n(f"{prefix}post_attention_layernorm", d)
    t.m(f"{prefix}mlp.gate_up_proj", 2 * c["intermediate_size"], d)
    t.m(f"{prefix}mlp.down_proj", d, c["intermediate_size"])


def fused_layer(t, c, prefix, qkv, attention, biases, second_norm):
    """Falcon and GPT-NeoX."""
    d = c["hidden_size"]
    t.n(f"{prefix}input_layernorm", d, True)
    t.m(f"{prefix}{attention}.query_key_value", qkv[0] + 2 * qkv[1], d, biases)
    t.m(f"{prefix}{attention}.dense", d, d, biases)
    if second_norm:
        t.n(f"{prefix}post_attention_layernorm", d, True)
    t.m(f"{prefix}mlp.dense_h_to_4h", c["intermediate_size"], d, biases)
    t.m(f"{prefix}mlp.dense_4h_to_h", d, c["intermediate_size"], biases)


def gpt2_layer(t, c, prefix, qkv):  # stored [in, out]
    d, f = c["hidden_size"], c["intermediate_size"]
    for norm, matrices in (("ln_1", (("attn.c_attn", d, 3 * d), ("attn.c_proj", d, d))), ("ln_2", (("mlp.c_fc", d, f), ("mlp.c_proj", f, d)))):
        t.n(f"{prefix}{norm}", d, True)
        for name, inputs, outputs in matrices:
            t.list += [(f"{prefix}{name}.weight", [inputs, outputs]), (f"{prefix}{name}.bias", [outputs])]


GEMMA2_NORMS = ("input_layernorm", "post_attention_layernorm", "pre_feedforward_layernorm", "post_feedforward_layernorm")
# model_type -> embedding, layers, final norm and whether it has a bias, head (None: tied) and whether it has a bias, layer
FAMILIES = {
    "phi": ("model.embed_tokens", "model.layers", "model.final_layernorm", True, "lm_head", True, phi_layer),
    "phi3": ("model.embed_tokens", "model.layers", "model.norm", False, "lm_head", False, phi3_layer),
    "falcon": ("transformer.word_embeddings", "transformer.h", "transformer.ln_f", True, None, False,
               lambda t, c, p, q: fused_layer(t, c, p, q, "self_attention", c["bias"], not c["parallel_attn"])),
    "gpt_neox": ("gpt_neox.embed_in", "gpt_neox.layers", "gpt_neox.final_layer_norm", True, "embed_out", False,
                 lambda t, c, p, q: fused_layer(t, c, p, q, "attention", True, True)),
    "gpt2": ("wte", "h", "ln_f", True, None, False, gpt2_layer),
    "stablelm": ("model.embed_tokens", "model.layers", "model.norm", True, "lm_head", False,
                 lambda t, c, p, q: split_layer(t, c, p, q, True, c.get("use_qkv_bias", False))),
    "llama": ("model.embed_tokens", "model.layers", "model.norm", False, "lm_head", False, split_layer),
    "gemma": ("model.embed_tokens", "model.layers", "model.norm", False, None, False, split_layer),
    "gemma2": ("model.embed_tokens", "model.layers", "model.norm", False, None, False,
               lambda t, c, p, q: split_layer(t, c, p, q, norms=GEMMA2_NORMS)),
}
FAMILIES |= {"qwen3": FAMILIES["llama"], "gemma3_text": FAMILIES["gemma2"]}


def tensors_of(config):
    embedding, layers, norm, norm_bias, head, head_bias, layer = FAMILIES[config["model_type"]]
    hidden, heads = config["hidden_size"], config["num_attention_heads"]
    dim = config.get("head_dim", hidden // heads)
    kv = config.get("num_key_value_heads", 1 if config.get("multi_query") else heads)
    t = Tensors()
    t.m(embedding, config["vocab_size"], hidden)
    if config["model_type"] == "gpt2":
        t.m("wpe", config["n_positions"], hidden)
    for i in range(config["num_hidden_layers"]):
        layer(t, config, f"{layers}.{i}.", (heads * dim, kv * dim))
    t.n(norm, hidden, norm_bias)
    if head and not config.get("tie_word_embeddings"):
        t.m(head, config["vocab_size"], hidden, head_bias)
    return t.list


# --- Files -------------------------------------------------------------------------------------------------------------


class Tile:
    """Normally distributed bf16 numbers, deviation 0.02, and what a tensor of any size is made of: parts of it in turn."""

    def __init__(self):
        draw = random.Random(1)
        wide = array.array("f", (draw.gauss(0, 0.02) for _ in range(TILE))).tobytes()
        self.data = bytearray(2 * TILE)
        self.data[0::2], self.data[1::2] = wide[2::4], wide[3::4]
        # Finite F8_E4M3 numbers of both signs below one: exponents 0 to 6.
        self.small = bytes((draw.getrandbits(8) & 0x87) | draw.randrange(7) << 3 for _ in range(TILE))

    def write(self, file, count, small):
        unit, data = (1, self.small) if small else (2, self.data)
        while count > 0:
            part = min(count, TILE)
            file.write(memoryview(data)[: part * unit])
            count -= part


def elements(shape):
    return shape[0] * (shape[1] if len(shape) > 1 else 1)


def write_checkpoint(config, folder, tile):
    """The folder's bytes, and whether some tensors are F8_E4M3."""
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps(config))
    tensors = tensors_of(config)
    parameters = sum(elements(shape) for _, shape in tensors)
    squeeze = parameters * 2.57 > MOST_BYTES  # bf16 and 4.5 bits
    kind = lambda name, shape: ("F8_E4M3", 1) if squeeze and "up_proj" in name else ("BF16", 2)
    shards, size = [[]], 0
    for name, shape in tensors:
        if shards[-1] and size > SHARD:
            shards.append([])
            size = 0
        shards[-1].append((name, shape))
        size += elements(shape) * 2
    weight_map, total = {}, 0
    for number, shard in enumerate(shards):
        file_name = f"model-{number + 1:05}-of-{len(shards):05}.safetensors"
        header, offset = {}, 0
        for name, shape in shard:
            dtype, unit = kind(name, shape)
            end = offset + elements(shape) * unit
            header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [offset, end]}
            weight_map[name], offset = file_name, end
        text = json.dumps(header).encode()
        text += b" " * (-len(text) % 8)
        with open(folder / file_name, "wb") as file:
            file.write(struct.pack("<Q", len(text)) + text)
            for name, shape in shard:
                tile.write(file, elements(shape), kind(name, shape)[1] == 1)
        total += offset
    (folder / "model.safetensors.index.json").write_text(json.dumps({"metadata": {}, "weight_map": weight_map}))
    return total, squeeze


# --- Measuring ----------------------------------------------------------------------------------------------------------


def run(*command):
    """(stdout, processor seconds, wall seconds, peak MiB) of a child."""
    begun = time.monotonic()
    child = subprocess.Popen([str(part) for part in command], stdout=subprocess.PIPE)
    out = child.stdout.read()
    _, status, usage = os.wait4(child.pid, 0)
    if status:
        sys.exit(f"real_shapes: {' '.join(map(str, command))}: wait status {status}")
    return out, usage.ru_utime + usage.ru_stime, time.monotonic() - begun, usage.ru_maxrss / 1024


def measure(name, options, tile):
    config = SHAPES[name]
    with tempfile.TemporaryDirectory(dir=options.folder) as scratch:
        scratch = pathlib.Path(scratch)
        source, squeezed = write_checkpoint(config, scratch / "model", tile)
        more = ["--context", options.context] if options.context else []
        out, cpu, wall, peak = run(options.sinter, "compile", scratch / "model", "-o", scratch / "bundle", "-q", options.quantization, "--target",
                                   options.target, "--variants", "native", "--mem-limit", options.limit, "--json", "--quiet", *more)
        facts = json.loads(out)
        size = sum(file.stat().st_size for file in (scratch / "bundle").rglob("*") if file.is_file())
        row = {"model": name, "squeezed": squeezed, "parameters": facts["parameters"], "checkpoint_bytes": source, "cpu_seconds": cpu,
               "wall_seconds": wall, "peak_mib": peak, "bits_per_weight": facts["bits_per_weight"], "bundle_bytes": size,
               "context": facts["context"], "weight_bytes": facts["weight_bytes"],
               "device_bytes": facts["weight_bytes"] + facts["arena_bytes"] + facts["state_bytes"]}
        if options.tokens:
            shutil.rmtree(scratch / "model")
            out, cpu, _, peak = run(options.sinter, "run", scratch / "bundle", "--tokens", "1,2,3,4", "-n", options.tokens, "--temp", 0,
                                    "--ignore-eos", "--json", "--quiet")
            reply = json.loads(out)
            row |= {"run": {key: value for key, value in reply.items() if key not in ("text", "tokens")}, "run_peak_mib": peak}
    return row


def show(rows):
    print("| shape | parameters | checkpoint, GB | processor time, s | peak, MiB | bits/weight | bundle, GB | on the device, GB | context |")
    print("|---|---|---|---|---|---|---|---|---|")
    for r in sorted(rows, key=lambda row: row["parameters"]):
        print(f"| {r['model']}{'*' if r['squeezed'] else ''} | {r['parameters'] / 1e9:.2f} B | {r['checkpoint_bytes'] / 1e9:.2f} | {r['cpu_seconds']:.0f} "
              f"| {r['peak_mib']:.0f} | {r['bits_per_weight']:.2f} | {r['bundle_bytes'] / 1e9:.2f} | {r['device_bytes'] / 1e9:.2f} | {r['context']} |")
    for r in rows:
        if "run" in r:
            print(f"{r['model']}: {r['run']['decode_tokens_per_second']:.1f} tok/s, peak {r['run_peak_mib']:.0f} MiB")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", nargs="*", metavar="MODEL", help=", ".join(SHAPES))
    parser.add_argument("--write", choices=SHAPES, help="only write this model's checkpoint into --folder")
    parser.add_argument("--show", type=pathlib.Path, help="print the table of this file's lines")
    parser.add_argument("--quantization", default="q4")
    parser.add_argument("--target", default="cpu")
    parser.add_argument("--context", type=int)
    parser.add_argument("--limit", default="4G")
    parser.add_argument("--tokens", type=int, default=0)
    parser.add_argument("--folder", type=pathlib.Path, default=pathlib.Path(tempfile.gettempdir()))
    parser.add_argument("--sinter", type=pathlib.Path, default=ROOT / "build/bin/sinter")
    parser.add_argument("--json", type=pathlib.Path, help="append a line per model here")
    options = parser.parse_args()
    if options.show:
        show([json.loads(line) for line in options.show.read_text().splitlines()])
        return
    tile = Tile()
    if options.write:
        write_checkpoint(SHAPES[options.write], options.folder / options.write, tile)
        return
    rows = []
    for name in options.models or SHAPES:
        rows.append(measure(name, options, tile))
        if options.json:
            with open(options.json, "a") as file:
                file.write(json.dumps(rows[-1]) + "\n")
    show(rows)


if __name__ == "__main__":
    main()
