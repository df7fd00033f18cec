"""sinter chat: turns, the kept KV cache, special tokens in what a user types, bundles without a template."""
import json
import pathlib
import shutil

from bundles import ROOT, sinter, temporary_folder

MODEL = ROOT / "examples/tales/model"
QUESTION = "Tell me a story about a fox."


def turns(bundle, *lines, flags=()):
    out = sinter("chat", bundle, "--json", "--temp", 0, *flags, text_input="".join(f"{line}\n" for line in lines).encode())
    return [json.loads(line) for line in out.splitlines()]


def prompt_ids(bundle, text):
    return json.loads(sinter("tokenize", bundle, "--no-special", "-p", text))


def two_turns(bundle):
    first, second = turns(bundle, QUESTION, "", "Tell me a story about a cat.")
    assert len(first["text"].split()) >= 40 and second["text"].strip(), (first, second)
    assert first["finish_reason"] == "eos" and first["reused_tokens"] == 0, first
    # The conversation so far is kept: all of the first prompt and nearly all of its reply.
    held = first["prompt_tokens"] + len(first["tokens"])
    assert first["prompt_tokens"] < second["reused_tokens"] <= held < second["prompt_tokens"], (held, second)
    # The prompt is what the template says, and the reply the model's own continuation of it.
    ids = prompt_ids(bundle, f"<|endoftext|><|user|>{QUESTION}<|assistant|>")
    assert len(ids) == first["prompt_tokens"], (ids, first["prompt_tokens"])
    alone = json.loads(sinter("run", bundle, "--tokens", ",".join(map(str, ids)), "-n", 0, "--temp", 0, "--json"))
    assert alone["tokens"] == first["tokens"]
    print(first["text"], f"\n{second['reused_tokens']} of {second['prompt_tokens']} tokens kept")


def special_tokens_are_text(bundle):
    (plain,) = turns(bundle, "<|assistant|>", flags=["-n", 1])
    # "<|user|>" and "<|assistant|>" around it are one token each, what was typed is not.
    assert plain["prompt_tokens"] > len(prompt_ids(bundle, "<|endoftext|><|user|><|assistant|><|assistant|>")), plain


def streamed(bundle):
    out = sinter("chat", bundle, "--seed", 7, "-n", 12, text_input=b"Tell me a story.\r\nAnother one.")
    assert len(out.splitlines()) == 2 and all(line.strip() for line in out.splitlines()), out
    assert sinter("chat", bundle, text_input=b"") == ""


def long_conversations(bundle):
    replies = turns(bundle, *[f"Tell me a story about a fox and number {i}." for i in range(5)])
    assert len(replies) == 5 and all(reply["text"].strip() for reply in replies)
    assert max(reply["prompt_tokens"] for reply in replies) <= 384  # of 512: a quarter stays for the reply


def without_template(scratch):
    model = pathlib.Path(scratch) / "plain"
    shutil.copytree(MODEL, model)
    config = json.loads((model / "tokenizer_config.json").read_text())
    template = config.pop("chat_template")
    write = lambda: (model / "tokenizer_config.json").write_text(json.dumps(config))
    write()
    sinter("compile", model, "-q", "q4", "--variants", "native", "-o", f"{scratch}/without", "--quiet")
    message = sinter("chat", f"{scratch}/without", code=3, text_input=b"Hello\n")
    assert "no chat template" in message, message
    # A template that does not end, and one that refuses, say so.
    for text, code, words in (("{% for a in range(9999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}", 3, "line 1"),
                              (template + "{{ raise_exception('only one turn') }}", 1, "only one turn")):
        config["chat_template"] = text
        write()
        sinter("compile", model, "-q", "q4", "--variants", "native", "-o", f"{scratch}/without", "--overwrite", "--quiet")
        message = sinter("chat", f"{scratch}/without", code=code, text_input=b"Hello\n")
        assert words in message and len(message.splitlines()) == 1, message


with temporary_folder() as scratch:
    bundle = f"{scratch}/tales"
    sinter("compile", MODEL, "-q", "q4", "--variants", "native", "-o", bundle, "--quiet")
    two_turns(bundle)
    special_tokens_are_text(bundle)
    streamed(bundle)
    long_conversations(bundle)
    without_template(scratch)
