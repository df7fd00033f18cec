#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Byte-level BPE: training, encoding, decoding, and the two Hugging Face tokenizer files.

The text is cut into words by the GPT-2 expression, each byte of a word is
shown as one printable character, and the most frequent neighbours are merged
until the vocabulary is full. Ties are broken by the text of the pair, so the
same corpus always gives the same file.
"""
import collections
import json
import os
import re

ENDOFTEXT, USER, ASSISTANT = "<|endoftext|>", "<|user|>", "<|assistant|>"
SPECIAL = [ENDOFTEXT, USER, ASSISTANT]  # ids 0, 1, 2

# The GPT-2 expression. Python's `re` has no \p{L}; [^\W\d_] is the same set of letters, and `_` is punctuation.
WORDS = re.compile(r"'s|'t|'re|'ve|'m|'ll|'d| ?[^\W\d_]+| ?\d+| ?(?:[^\s\w]|_)+|\s+(?!\S)|\s+")

CHAT_TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}"
    "{% if message['role'] == 'user' %}{{ '<|user|>' + message['content'] }}"
    "{% elif message['role'] == 'assistant' %}{{ '<|assistant|>' + message['content'] + eos_token }}"
    "{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}"
)


def byte_characters():
    """The GPT-2 table from a byte to a printable character."""
    keep = list(range(33, 127)) + list(range(161, 173)) + list(range(174, 256))
    table, extra = {b: chr(b) for b in keep}, 256
    for b in range(256):
        if b not in table:
            table[b], extra = chr(extra), extra + 1
    return table


BYTE_TO_CHAR = byte_characters()
CHAR_TO_BYTE = {c: b for b, c in BYTE_TO_CHAR.items()}


def shown(word):
    return [BYTE_TO_CHAR[b] for b in word.encode("utf-8")]


def train(texts, size):
    """Returns (vocab, merges): token text to id, and the merged pairs by rank."""
    counts = collections.Counter(w for text in texts for w in WORDS.findall(text))
    words = [(shown(w), c) for w, c in sorted(counts.items())]
    vocab = {t: i for i, t in enumerate(SPECIAL + [BYTE_TO_CHAR[b] for b in range(256)])}
    merges = []
    while len(vocab) < size:
        pairs = collections.Counter()
        for parts, count in words:
            for pair in zip(parts, parts[1:]):
                pairs[pair] += count
        if not pairs:
            break
        best = min(pairs, key=lambda p: (-pairs[p], p))
        merges.append(best)
        vocab.setdefault(best[0] + best[1], len(vocab))
        words = [(merged(parts, best), c) if best[0] in parts else (parts, c) for parts, c in words]
    return vocab, merges


def merged(parts, pair):
    out, i = [], 0
    while i < len(parts):
        if i + 1 < len(parts) and (parts[i], parts[i + 1]) == pair:
            out.append(parts[i] + parts[i + 1])
            i += 2
        else:
            out.append(parts[i])
            i += 1
    return out


class Tokenizer:
    """Encodes and decodes; what it reads and writes is Hugging Face's tokenizer.json."""

    def __init__(self, vocab, merges):
        self.vocab, self.merges = vocab, [tuple(m) for m in merges]
        self.rank = {pair: r for r, pair in enumerate(self.merges)}
        self.text_of = {i: t for t, i in vocab.items()}
        self.known = {}
        self.special = re.compile("(" + "|".join(re.escape(s) for s in SPECIAL) + ")")

    @staticmethod
    def load(path):
        with open(path, encoding="utf-8") as file:
            model = json.load(file)["model"]
        return Tokenizer(model["vocab"], [m.split(" ") for m in model["merges"]])

    def word_ids(self, word):
        if word not in self.known:
            parts = shown(word)
            while len(parts) > 1:
                best = min(zip(parts, parts[1:]), key=lambda p: self.rank.get(p, len(self.rank)))
                if best not in self.rank:
                    break
                parts = merged(parts, best)
            self.known[word] = [self.vocab[p] for p in parts]
        return self.known[word]

    def encode(self, text):
        """The ids of `text`; special tokens are recognised, none is added."""
        ids = []
        for piece in self.special.split(text):
            if piece in SPECIAL:
                ids.append(self.vocab[piece])
            else:
                for word in WORDS.findall(piece):
                    ids += self.word_ids(word)
        return ids

    def decode(self, ids):
        out = bytearray()
        for i in ids:
            token = self.text_of[int(i)]
            out += token.encode() if token in SPECIAL else bytes(CHAR_TO_BYTE[c] for c in token)
        return out.decode("utf-8", errors="replace")

    def save(self, folder, max_length):
        """Writes tokenizer.json and tokenizer_config.json."""
        level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
        flags = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
        bos = {"SpecialToken": {"id": ENDOFTEXT, "type_id": 0}}
        tokenizer = {
            "version": "1.0",
            "truncation": None,
            "padding": None,
            "added_tokens": [{"id": i, "content": s, **flags} for i, s in enumerate(SPECIAL)],
            "normalizer": None,
            "pre_tokenizer": level,
            "post_processor": {  # <|endoftext|> before a text is the beginning-of-text mark
                "type": "TemplateProcessing",
                "single": [bos, {"Sequence": {"id": "A", "type_id": 0}}],
                "pair": [bos, {"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
                "special_tokens": {ENDOFTEXT: {"id": ENDOFTEXT, "ids": [0], "tokens": [ENDOFTEXT]}},
            },
            "decoder": level,
            "model": {
                "type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None,
                "end_of_word_suffix": None, "fuse_unk": False, "byte_fallback": False, "ignore_merges": False,
                "vocab": self.vocab, "merges": [" ".join(m) for m in self.merges],
            },
        }
        config = {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "bos_token": ENDOFTEXT, "eos_token": ENDOFTEXT, "pad_token": ENDOFTEXT, "unk_token": None,
            "add_bos_token": True, "add_eos_token": False, "clean_up_tokenization_spaces": False,
            "model_max_length": max_length,
            "added_tokens_decoder": {str(i): {"content": s, **flags} for i, s in enumerate(SPECIAL)},
            "chat_template": CHAT_TEMPLATE,
        }
        for name, content in (("tokenizer.json", tokenizer), ("tokenizer_config.json", config)):
            with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
                json.dump(content, file, ensure_ascii=False, indent=1)
                file.write("\n")
