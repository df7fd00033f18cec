#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Trains the model of examples/tales and writes its Hugging Face folder.

    train.py --check-gradients        backward against differences, in float64
    train.py --steps N                trains, saves ../model and ../expected.json, tells stories
    train.py --steps N --resume       goes on from the checkpoint
    train.py --show                   only reloads ../model and tells stories

The data of a step depends only on the seed and the number of the step, so a
resumed run sees what an unbroken one would have seen. The rate is warmed up,
held, and falls to zero over the last part of the run; because it is held, the
number of steps may still be changed by --resume before that part begins.
"""
import argparse
import ctypes
import json
import os
import time

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np  # noqa: E402

import bpe  # noqa: E402
import llama  # noqa: E402
import stories  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
FOLDER = os.path.join(HERE, "..", "model")
PROMPT = "Once upon a time"


def keep_memory():
    """Tells glibc to keep freed blocks, or each temporary array is paid for with page faults."""
    try:
        libc = ctypes.CDLL("libc.so.6")
        libc.mallopt(-3, 32 << 20)  # M_MMAP_THRESHOLD
        libc.mallopt(-1, 1 << 30)  # M_TRIM_THRESHOLD
    except OSError:
        pass


def token_ids(tokenizer, asked, story):
    chat = bpe.USER + asked + bpe.ASSISTANT if asked else ""
    return tokenizer.encode(bpe.ENDOFTEXT + chat + story)


def batch(tokenizer, seed, rows, length):
    """ids and targets [rows, length]; every row starts with the start of a story.

    One row in ten has no <|endoftext|> in front, so that the model can also be
    run by a program that does not put it there.
    """
    source = stories.corpus(seed, 3 * rows)
    rng = np.random.default_rng(seed)
    out = np.zeros((rows, length + 1), np.int64)
    for row in out:
        ids = []
        while len(ids) < length + 2:
            ids += token_ids(tokenizer, *next(source))
        start = int(rng.random() < 0.1)
        row[:] = ids[start:start + length + 1]
    return out[:, :-1], out[:, 1:]


def rate_at(step, options):
    warm = min(1.0, (step + 1) / options.warmup)
    fall = min(1.0, (options.steps - step) / (options.decay * options.steps))
    return options.rate * warm * fall


def train(options, config, tokenizer):
    shape = llama.Shape(config)
    params = llama.initial(shape, np.random.default_rng(options.seed))
    first = {k: np.zeros_like(v) for k, v in params.items()}
    second = {k: np.zeros_like(v) for k, v in params.items()}
    begin = 0
    if options.resume:
        with np.load(options.checkpoint) as kept:
            begin = int(kept["step"])
            for k in params:
                params[k], first[k], second[k] = kept["p." + k], kept["m." + k], kept["v." + k]
    model = llama.Model(config, params)
    tokens = options.rows * options.length
    print(f"{sum(v.size for v in params.values())} parameters, {tokens} tokens a step", flush=True)
    clock, mean = time.time(), None
    for step in range(begin, options.steps):
        ids, targets = batch(tokenizer, options.seed * 1000003 + step, options.rows, options.length)
        grads = {k: np.zeros_like(v) for k, v in params.items()}
        value = 0.0
        for r in range(0, options.rows, options.slice):
            part = model.loss(ids[r:r + options.slice], targets[r:r + options.slice], grads)
            value += part * len(ids[r:r + options.slice]) / options.rows
        norm = float(np.sqrt(sum(float(np.vdot(g, g)) for g in grads.values()))) / tokens
        scale = min(1.0, 1.0 / (norm + 1e-6)) / tokens
        rate = rate_at(step, options)
        b1, b2 = 0.9, 0.99
        step_rate = rate * (1 - b2 ** (step + 1)) ** 0.5 / (1 - b1 ** (step + 1))
        for k, g in grads.items():
            g *= scale
            first[k] += (1 - b1) * (g - first[k])
            second[k] += (1 - b2) * (g * g - second[k])
            if g.ndim == 2 and k != "embed":
                params[k] *= 1 - rate * 0.05
            params[k] -= step_rate * first[k] / (np.sqrt(second[k]) + 1e-8)
        mean = value if mean is None else 0.97 * mean + 0.03 * value
        if (step + 1) % 50 == 0 or step == begin:
            speed = (step + 1 - begin) * tokens / (time.time() - clock)
            print(f"step {step + 1} loss {mean:.4f} norm {norm:.2f} rate {rate:.5f} {speed:.0f} tokens/s", flush=True)
        if options.checkpoint and (step + 1) % 250 == 0:
            state = {"step": step + 1}
            for k in params:
                state.update({"p." + k: params[k], "m." + k: first[k], "v." + k: second[k]})
            np.savez(options.checkpoint + ".new.npz", **state)
            os.replace(options.checkpoint + ".new.npz", options.checkpoint)
    return params


def held_out(model, tokenizer, rows=32, length=256):
    """The loss on stories of a seed that training never uses."""
    ids, targets = batch(tokenizer, 999999999989, rows, length)
    return float(np.mean([model.loss(ids[r:r + 4], targets[r:r + 4]) for r in range(0, rows, 4)]))


def continued(model, ids, count, temperature=0.0, rng=None, stop=True):
    """Appends up to `count` tokens, greedily or drawn at `temperature`."""
    ids = list(ids)
    for _ in range(count):
        logits = model.forward(np.array([ids]), last_only=True)[0][0]
        if temperature == 0:
            best = int(np.argmax(logits))
        else:
            weight = np.exp((logits - logits.max()).astype(np.float64) / temperature)
            best = int(rng.choice(len(weight), p=weight / weight.sum()))
        ids.append(best)
        if stop and best == 0:
            break
    return ids


def write_expected(model, tokenizer):
    """The greedy continuation of the prompt and the largest logits, for tests of other implementations."""
    entries = []
    for text in (bpe.ENDOFTEXT + PROMPT, bpe.ENDOFTEXT + bpe.USER + "Tell me a story about a fox." + bpe.ASSISTANT):
        ids = tokenizer.encode(text)
        logits = model.forward(np.array([ids]), last_only=True)[0][0]
        top = np.argsort(-logits)[:5]
        full = continued(model, ids, 64, stop=False)
        entries.append({
            "prompt": text,
            "prompt_ids": ids,
            "greedy_ids": full[len(ids):],
            "greedy_text": tokenizer.decode(full[len(ids):]),
            "top_logits": [[int(i), round(float(logits[i]), 5)] for i in top],
        })
    with open(os.path.join(HERE, "..", "expected.json"), "w", encoding="utf-8") as file:
        json.dump({"computed_in": "float32, from the bf16 weights, by train/llama.py", "cases": entries}, file, indent=1)
        file.write("\n")


def write_configs(config, tokenizer):
    tokenizer.save(FOLDER, config["max_position_embeddings"])
    generation = {"bos_token_id": 0, "eos_token_id": 0, "pad_token_id": 0, "do_sample": True, "temperature": 0.7,
                  "top_p": 0.95, "max_new_tokens": 320}
    for name, content in (("config.json", config), ("generation_config.json", generation)):
        with open(os.path.join(FOLDER, name), "w", encoding="utf-8") as file:
            json.dump(content, file, indent=2)
            file.write("\n")


def show(model, tokenizer):
    rng = np.random.default_rng(11)
    chat = bpe.ENDOFTEXT + bpe.USER + "{}" + bpe.ASSISTANT
    for prompt, temperature in [(bpe.ENDOFTEXT + PROMPT, 0.0)] + 5 * [(bpe.ENDOFTEXT + PROMPT, 0.7)] + [
            (chat.format("Tell me a story about a fox."), 0.0),
            (chat.format("Tell me a story about a dragon named Ruby."), 0.7),
            (chat.format("Can you tell me a story about a boy and a kite?"), 0.7),
            (chat.format("Please tell me a story about a shy little owl."), 0.7),
            (chat.format("A story about a robot, please."), 0.7)]:
        ids = continued(model, tokenizer.encode(prompt), 330, temperature, rng)
        print(f"[temperature {temperature}] {tokenizer.decode(ids)}\n", flush=True)


def check_gradients():
    """Compares backward with central differences on a very small model in float64."""
    config = dict(llama.CONFIG, vocab_size=40, hidden_size=16, intermediate_size=24, num_hidden_layers=2,
                  num_attention_heads=4, num_key_value_heads=2, head_dim=4)
    rng = np.random.default_rng(0)
    params = {k: v + 0.1 * rng.standard_normal(v.shape)
              for k, v in llama.initial(llama.Shape(config), rng, np.float64).items()}
    model = llama.Model(config, params)
    ids, targets = rng.integers(0, 40, (2, 3, 9))
    grads = {k: np.zeros_like(v) for k, v in params.items()}
    model.loss(ids, targets, grads)
    worst = 0.0
    for k, value in params.items():
        for at in rng.integers(0, value.size, 12):
            kept, e = value.flat[at], 1e-5
            value.flat[at] = kept + e
            high = model.loss(ids, targets)
            value.flat[at] = kept - e
            low = model.loss(ids, targets)
            value.flat[at] = kept
            slope, ours = (high - low) / (2 * e), grads[k].flat[at] / targets.size
            worst = max(worst, abs(slope - ours) / max(1e-4, abs(slope) + abs(ours)))
    print(f"largest relative difference {worst:.2e}")
    assert worst < 1e-4


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--steps", type=int, default=6000)
    parser.add_argument("--rows", type=int, default=8, help="sequences a step")
    parser.add_argument("--slice", type=int, default=4, help="sequences at once")
    parser.add_argument("--length", type=int, default=256)
    parser.add_argument("--rate", type=float, default=3e-3)
    parser.add_argument("--warmup", type=int, default=150)
    parser.add_argument("--decay", type=float, default=0.35, help="part of the run in which the rate falls to zero")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--checkpoint", default="", help="an .npz file, written every 250 steps")
    parser.add_argument("--resume", action="store_true")
    parser.add_argument("--show", action="store_true")
    parser.add_argument("--check-gradients", action="store_true")
    options = parser.parse_args()
    keep_memory()
    if options.check_gradients:
        return check_gradients()
    config, weights = llama.CONFIG, os.path.join(FOLDER, "model.safetensors")
    if options.show:
        tokenizer = bpe.Tokenizer.load(os.path.join(FOLDER, "tokenizer.json"))
    else:
        os.makedirs(FOLDER, exist_ok=True)
        sample = list(stories.corpus(options.seed - 2, 6000))
        tokenizer = bpe.Tokenizer(*bpe.train([asked or "" for asked, _ in sample] + [s for _, s in sample],
                                             config["vocab_size"]))
        params = train(options, config, tokenizer)
        llama.save(weights, params, llama.Shape(config))
        write_configs(config, tokenizer)
    model = llama.Model(config, llama.load(weights, llama.Shape(config)))
    if not options.show:
        write_expected(model, tokenizer)
    print(f"held-out loss {held_out(model, tokenizer):.4f} nats per token")
    show(model, tokenizer)


if __name__ == "__main__":
    main()
