"""errors.py GROUP: damaged, hostile and mismatched input, as a table: what is done to a sound model, the exit code, and what
the message must say. A message is one line; nothing is left beside the output.

Groups: weights (safetensors), config, gguf, tokenizer. Bundles and outputs are in bundle_errors.py and output_errors.py."""
import json
import os
import pathlib
import re
import struct
import subprocess
import sys
import time

from bundles import SINTER, temporary_folder
from damage import ARRAY, BOOL, F32, STRING, TALES, U8, U32, U64, Folder, gguf_file, gguf_metadata, gguf_string, gguf_tensors

DOWN = "model.layers.0.mlp.down_proj.weight"
UP = "model.layers.0.mlp.up_proj.weight"
NORM = "model.norm.weight"
EMBED = "model.embed_tokens.weight"

CASES = {"weights": [], "config": [], "gguf": [], "tokenizer": []}


def case(group, name, code, pattern, *flags):
    """Registers a function that damages a Folder (or returns the path of the model): the compile must end with `code`, and
    its only line on stderr match `pattern`."""
    def register(damage):
        CASES[group].append((name, code, pattern, flags, damage))
        return damage
    return register


def edit(group, name, code, pattern, method, *arguments, **values):
    """The same for one call of a Folder's method."""
    case(group, name, code, pattern)(lambda folder: getattr(folder, method)(*arguments, **values))


def weights_header(name, code, pattern, change):
    edit("weights", name, code, pattern, "header", change)


def set_entry(name, **values):
    def change(tensors):
        tensors[name].update(values)
    return change


# ---- Weights -------------------------------------------------------------------------------------------------------------

for name, length in (("2^62", 1 << 62), ("2^64-1", (1 << 64) - 1), ("100,000,001", 100_000_001), ("file size", 3_600_000)):
    case("weights", f"header length {name}", 1, rf"model\.safetensors: .*{length}")(
        lambda folder, length=length: folder.write_weights(*folder.weights(), length=length))
case("weights", "header length 0", 1, r"model\.safetensors: ")(lambda folder: folder.write_weights(b"", folder.weights()[1]))
for size in (0, 4, 8, 1000):
    case("weights", f"only {size} bytes", 1, r"model\.safetensors: .*(\d|empty)")(
        lambda folder, size=size: os.truncate(folder.file("model.safetensors"), size))
case("weights", "the last byte is missing", 1, r"model\.safetensors: .*tensor '|bytes")(
    lambda folder: os.truncate(folder.file("model.safetensors"), folder.file("model.safetensors").stat().st_size - 1))
for name, header in (("no JSON", b"weights!"), ("an array", b"[]"), ("a number", b"17"), ("not UTF-8", b'{"\xff\xfe": {}}'),
                     ("trailing junk", b'{} junk'), ("open string", b'{"a'), ("deep", b'{"a":' + b"[" * 10000)):
    case("weights", f"header is {name}", 1, r"model\.safetensors: .*byte \d+|model\.safetensors: .*header")(
        lambda folder, header=header: folder.write_weights(header, folder.weights()[1]))


@case("weights", "the same tensor twice", 1, rf"model\.safetensors: .*{NORM}.*twice|twice.*{NORM}")
def _(folder):
    header, data = folder.weights()
    entry = json.dumps(json.loads(header)[NORM]).encode()
    folder.write_weights(b'{"%s":%s,' % (NORM.encode(), entry) + header.lstrip()[1:], data)


def moved(name, begin, end):
    """Offsets of a tensor changed by so many bytes."""
    def change(tensors):
        offsets = tensors[name]["data_offsets"]
        tensors[name]["data_offsets"] = [offsets[0] + begin, offsets[1] + end]
    return change


weights_header("overlapping tensors", 1, rf"{re.escape(DOWN)}.*inside the tensor before it", moved(DOWN, -4, -4))
weights_header("a tensor beyond the data", 1, r"tensor model\.layers.*(gap|end)", moved(DOWN, 1 << 40, 1 << 40))
weights_header("more bytes than the shape", 1, rf"{re.escape(NORM)} .*392 bytes.*384", moved(NORM, 0, 8))
weights_header("reversed offsets", 1, rf"{re.escape(NORM)}: .*reversed", set_entry(NORM, data_offsets=[8, 0]))
weights_header("a negative offset", 1, r"model\.safetensors: .*-1", set_entry(NORM, data_offsets=[-1, 8]))
weights_header("an offset of 2^64", 1, r"model\.safetensors: .*18446744073709551616", set_entry(NORM, data_offsets=[0, 1 << 64]))
weights_header("three offsets", 1, r"model\.safetensors: .*data_offsets", set_entry(NORM, data_offsets=[0, 8, 8]))
weights_header("offsets are text", 1, r"model\.safetensors: ", set_entry(NORM, data_offsets="0-8"))
weights_header("a negative dimension", 1, r"model\.safetensors: .*-", set_entry(NORM, shape=[-192]))
weights_header("dimensions that overflow", 1, rf"{re.escape(NORM)} .*overflow", set_entry(NORM, shape=[1 << 33, 1 << 33]))
weights_header("a thousand dimensions", 1, rf"{re.escape(NORM)}", set_entry(NORM, shape=[1] * 1000))
weights_header("an unknown type", 3, rf"{re.escape(NORM)} .*'Q9'", set_entry(NORM, dtype="Q9"))
weights_header("a type of another size", 1, rf"{re.escape(NORM)} .*384 bytes.*1536", set_entry(NORM, dtype="F64"))
weights_header("integer weights", 3, rf"{re.escape(NORM)} .*i16", set_entry(NORM, dtype="I16"))
weights_header("a swapped shape", 1, rf"{re.escape(DOWN)}.*512.*192|{re.escape(DOWN)}.*192.*512", set_entry(DOWN, shape=[512, 192]))
weights_header("a vector where a matrix belongs", 1, rf"{re.escape(DOWN)}.*98304", set_entry(DOWN, shape=[192 * 512]))


def without(*names):
    def change(tensors):
        for name in names:
            del tensors[name]
    return change


@case("weights", "a missing tensor", 1, rf"{re.escape(DOWN)}")
def _(folder):
    header, data = folder.weights()
    tensors = json.loads(header)
    entry = tensors.pop(DOWN)
    # The gap is filled with a tensor of another name, so that only the name is wrong.
    tensors["unknown.weight"] = entry
    folder.write_weights(tensors, data)


weights_header("a gap between tensors", 1, rf"model\.safetensors: .*(gap|between|belong|no tensor)", without(DOWN))


@case("weights", "LFS pointer", 1, r"model\.safetensors.*Git LFS.*git lfs pull")
def _(folder):
    folder.file("model.safetensors").write_text(
        "version https://git-lfs.github.com/spec/v1\noid sha256:" + "0" * 64 + "\nsize 123456789\n")


@case("weights", "two of three shards are missing", 1, r"part-b\.safetensors.*part-c\.safetensors")
def _(folder):
    folder.split(["part-a.safetensors", "part-b.safetensors", "part-c.safetensors"])
    folder.file("part-b.safetensors").unlink()
    folder.file("part-c.safetensors").unlink()


@case("weights", "an LFS pointer among the shards", 1, r"1 of 2 .*Git LFS.*part-b\.safetensors")
def _(folder):
    folder.split(["part-a.safetensors", "part-b.safetensors"])
    folder.file("part-b.safetensors").write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n")


@case("weights", "a tensor in two shards", 1, rf"{re.escape(NORM)}.*(part-a|part-b)")
def _(folder):
    folder.split(["part-a.safetensors", "part-b.safetensors"])
    for name in ("part-a.safetensors", "part-b.safetensors"):
        blob = folder.file(name).read_bytes()
        (size,) = struct.unpack_from("<Q", blob)
        tensors, data = json.loads(blob[8 : 8 + size]), blob[8 + size :]
        tensors.setdefault(NORM, {"dtype": "BF16", "shape": [192], "data_offsets": [len(data), len(data) + 384]})
        if tensors[NORM]["data_offsets"][1] > len(data):
            data += bytes(384)
        folder.write_weights(tensors, data, name=name)


@case("weights", "the index names a tensor that its shard lacks", 1, rf"{re.escape(NORM)}.*part-[ab]\.safetensors|part-[ab].*{re.escape(NORM)}")
def _(folder):
    index = folder.split(["part-a.safetensors", "part-b.safetensors"])
    index[NORM] = "part-a.safetensors" if index[NORM].startswith("part-b") else "part-b.safetensors"
    folder.write_index(index)


for path in ("../model.safetensors", "/etc/passwd", "sub/../../x.safetensors", ""):
    @case("weights", f"a shard at '{path}'", 1, rf"index\.json: .*'?{re.escape(path)}'?")
    def _(folder, path=path):
        index = folder.split(["part-a.safetensors", "part-b.safetensors"])
        folder.write_index({**index, NORM: path})


@case("weights", "the index is no JSON", 1, r"model\.safetensors\.index\.json: .*byte \d+")
def _(folder):
    folder.split(["part-a.safetensors"])
    folder.file("model.safetensors.index.json").write_text('{"weight_map": {')


case("weights", "no weights", 1, r"model\.safetensors")(lambda folder: folder.file("model.safetensors").unlink())


@case("weights", "only PyTorch weights", 3, r"pytorch_model\.bin.*safetensors")
def _(folder):
    folder.file("model.safetensors").rename(folder.file("pytorch_model.bin"))


@case("weights", "weights are a folder", 1, r"model\.safetensors")
def _(folder):
    folder.file("model.safetensors").unlink()
    folder.file("model.safetensors").mkdir()


@case("weights", "NaN with --check strict", 1, r"in: .*layers\.0\.mlp\.gate_proj\+up_proj\.weight \(2\)", "--check", "strict")
def _(folder):
    def poison(data, header):
        at = header[UP]["data_offsets"][0]
        struct.pack_into("<HH", data, at + 10, 0x7FC0, 0xFF80)  # NaN and minus infinity
    folder.data(poison)


case("weights", "no such model", 1, r"nowhere")(lambda folder: folder.path / "nowhere")
case("weights", "an empty folder", 1, r"empty.*config\.json")(lambda folder: make_folder(folder.path / "empty"))


def make_folder(path):
    path.mkdir()
    return path


# ---- Configuration -------------------------------------------------------------------------------------------------------

for key, values in {
    "num_hidden_layers": (0, -1, 1_000_000, 2**31, 2**63, 1.5, "3", None), "hidden_size": (0, -4, 2**31, 2**40, "192"),
    "num_attention_heads": (0, -1, 2**31, 7, None), "num_key_value_heads": (0, -2, 4, 2**31), "head_dim": (-1, 31, 2**20),
    "intermediate_size": (0, 2**40, None), "vocab_size": (0, -1, 2**31, 2**62), "max_position_embeddings": (0, -1, 2**40),
    "rope_theta": (0, -1, "big"), "rms_norm_eps": (-1, "small", None),
}.items():
    for value in values:
        if key == "num_key_value_heads" and value is None or key == "rms_norm_eps" and value is None:
            continue
        edit("config", f"{key} {value}", 1, rf"config\.json.*({key}|heads|head dimension|rotary base|norm's epsilon)", "config", **{key: value})
edit("config", "layers beyond the weights", 1, r"model\.layers\.\d+\..*", "config", num_hidden_layers=9)
edit("config", "fewer layers than the weights", 3, r"tensor model\.layers\.1\..* is not used", "config", num_hidden_layers=1)
edit("config", "hidden_size beside the weights", 1, r"model\.\S+.*192", "config", hidden_size=384, head_dim=32)
edit("config", "vocab_size beside the weights", 1, r"embed_tokens.*1024", "config", vocab_size=2000)
edit("config", "unknown architecture", 3, r"config\.json.*mamba2.*llama", "config",
     architectures=["Mamba2ForCausalLM"], model_type="mamba2")
edit("config", "architecture is a number", 1, r"config\.json.*architectures", "config", architectures=[7])
edit("config", "unknown activation", 3, r"config\.json.*hidden_act.*swish9", "config", hidden_act="swish9")
edit("config", "unknown rope scaling", 3, r"config\.json.*rope_scaling.*spiral", "config",
     rope_scaling={"rope_type": "spiral", "factor": 2.0})
edit("config", "rope scaling without factor", 1, r"config\.json.*factor", "config", rope_scaling={"rope_type": "linear"})
edit("config", "quantized weights", 3, r"config\.json.*quantiz.*gptq", "config", quantization_config={"quant_method": "gptq", "bits": 4})
edit("config", "experts", 3, r"config\.json.*num_local_experts", "config", num_local_experts=8)
edit("config", "head_dim odd", 1, r"config\.json.*head dimension 33 is odd", "config", head_dim=33)
for text, name in ((b"", "empty"), (b"{", "open"), (b"[]", "an array"), (b'{"a":1} x', "with junk"), (b"\xff\xfe{}", "UTF-16"),
                   (b'{"hidden_size": 1e999}', "with a huge number"), (b"[" * 100_000, "deep")):
    case("config", f"config.json {name}", 1, r"config\.json")(
        lambda folder, text=text: folder.file("config.json").write_bytes(text) and None)
case("config", "no config.json", 1, r"config\.json")(lambda folder: folder.file("config.json").unlink())
case("config", "unknown target", 3, r"target 'tpu'.*cpu", "--target", "tpu")(lambda folder: None)
case("config", "unknown variant", 3, r"'sse2'.*avx2", "--variants", "sse2")(lambda folder: None)
case("config", "unknown quantization", 2, r"'q3'.*q4", "-q", "q3")(lambda folder: None)
case("config", "context too large", 1, r"context 99999999", "--context", "99999999")(lambda folder: None)
case("config", "negative context", 1, r"context -5", "--context", "-5")(lambda folder: None)


# ---- GGUF ----------------------------------------------------------------------------------------------------------------


def gguf(name, code, pattern, blob):
    """A file of these bytes, or of what blob() returns."""
    @case("gguf", name, code, r"model\.gguf.*" + pattern)
    def _(folder):
        path = folder.path / "model.gguf"
        path.write_bytes(blob() if callable(blob) else blob)
        return path


def metadata(name, code, pattern, **changes):
    gguf(name, code, pattern, lambda: gguf_file(gguf_metadata(**{k.replace("__", "."): v for k, v in changes.items()})))


def tensor(name, code, pattern, *values, at=0):
    """The first tensor replaced by (name, dimensions, type, offset)."""
    tensors = gguf_tensors()
    tensors[at] = values
    gguf(name, code, pattern, lambda: gguf_file(tensors=tensors))


gguf("wrong magic", 1, "GGUF", b"GGML" + bytes(100))
gguf("empty", 1, "", b"")
gguf("only a magic", 1, "ends", b"GGUF")
for version in (0, 1, 4, 99):
    gguf(f"version {version}", 1, rf"version {version}", gguf_file(version=version))
gguf("big-endian", 1, "big-endian", b"GGUF" + struct.pack(">IQQ", 3, 1, 1) + bytes(100))
gguf("LFS pointer", 1, "Git LFS", b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n")
for count in (2**64 - 1, 2**63, 2**32, 10**6):
    gguf(f"{count} tensors", 1, "tensors|ends", gguf_file(tensor_count=count))
    gguf(f"{count} keys", 1, "metadata|ends", gguf_file(key_count=count))
for length in (2**64 - 1, 2**63, 2**40, 2000):
    gguf(f"a key of {length} bytes", 1, "metadata key|ends", b"GGUF" + struct.pack("<IQQQ", 3, 0, 1, length) + bytes(100))
    raw = struct.pack("<IQ", STRING, length) + b"x"
    metadata(f"text of {length} bytes", 1, r"tale|ends", tale=raw) if length > 2000 else None
    metadata(f"array of {length} texts", 1, r"tale|ends|array", tale=struct.pack("<IIQ", ARRAY, STRING, length)) if length > 2000 else None
metadata("arrays in arrays in arrays", 1, r"tale|nest|deep", tale=struct.pack("<I", ARRAY) + struct.pack("<IQ", ARRAY, 1) * 100)
metadata("unknown type of value", 1, r"tale|type", tale=struct.pack("<I", 77))
gguf("a key twice", 1, "twice|general.architecture", lambda: gguf_file(key_count=len(gguf_metadata()) + 1).replace(
    struct.pack("<IQQ", 3, len(gguf_tensors()), len(gguf_metadata()) + 1),
    struct.pack("<IQQ", 3, len(gguf_tensors()), len(gguf_metadata()) + 1) + gguf_string("general.architecture") +
    struct.pack("<I", STRING) + gguf_string("llama"), 1))
for value in ((U32, 0), (U32, 13), (U32, 2**31), (U64, 2**63), (STRING, "32"), (F32, 32.0)):
    metadata(f"alignment {value}", 1, "alignment", general__alignment=value)
tensor("dimensions that overflow", 1, "token_embd", "token_embd.weight", [2**62, 32], 0, None)
tensor("dimensions that wrap to 0", 1, "token_embd", "token_embd.weight", [2**32, 2**32], 0, 0)
tensor("a negative dimension", 1, "token_embd", "token_embd.weight", [2**64 - 1], 0, 0)
tensor("9 dimensions", 1, "token_embd", "token_embd.weight", [1] * 9, 0, 0)
tensor("an offset past the end", 1, "token_embd", "token_embd.weight", [32, 32], 0, 2**40)
tensor("an offset of 2^64-32", 1, "token_embd", "token_embd.weight", [32, 32], 0, 2**64 - 32)
tensor("an offset off the alignment", 1, "token_embd", "token_embd.weight", [32, 32], 0, 7)
tensor("an unknown type", 3, r"token_embd.*(77|type)", "token_embd.weight", [32, 32], 77, None)
tensor("a type of llama.cpp that we lack", 3, r"token_embd.*GGUF type 16.*q4_K", "token_embd.weight", [256, 32], 16, 0)
tensor("a row that is no whole block", 1, r"token_embd.*", "token_embd.weight", [33, 32], 2, 0)
tensor("a name of 1 MB", 1, "", "x" * 1_000_000, [32], 0, None)
tensor("a missing tensor", 1, r"token_embd|embed_tokens", "other.weight", [32, 32], 0, None)
tensor("a swapped shape", 1, r"ffn_down|down_proj", "blk.0.ffn_down.weight", [32, 64], 0, None, at=-1)
gguf("a tensor twice", 1, "output.weight", lambda: gguf_file(tensors=gguf_tensors() + [("output.weight", [32, 32], 0, None)]))
gguf("data cut short", 1, r"tensor '|ends|bytes", lambda: gguf_file(data=bytes(100)))
metadata("unknown architecture", 3, r"mamba.*llama", general__architecture=(STRING, "mamba"))
metadata("no architecture", 1, r"general\.architecture", general__architecture=None)
metadata("architecture is a number", 1, r"general\.architecture", general__architecture=(U32, 7))
for value in (0, 10**6, 2**32 - 1):
    metadata(f"{value} layers", 1, "block_count", llama__block_count=(U32, value))
    metadata(f"{value} heads", 1, "head_count", llama__attention__head_count=(U32, value))
    metadata(f"width {value}", 1 if value == 0 else 3, "embedding_length|head", llama__embedding_length=(U32, value))
metadata("no layers given", 1, "block_count", llama__block_count=None)
metadata("experts", 3, "expert", llama__expert_count=(U32, 8))
metadata("layers are text", 1, "block_count", llama__block_count=(STRING, "one"))
metadata("layers are a bool", 1, "block_count", llama__block_count=(BOOL, 1))
metadata("layers are an array", 1, "block_count", llama__block_count=(ARRAY, (U8, [1])))
gguf("no tensors of the first layer", 1, "blk|layers|attn",
     lambda: gguf_file(tensors=gguf_tensors()[:3]))


# ---- Tokenizer -----------------------------------------------------------------------------------------------------------


def tokenizer(name, code, pattern, change):
    case("tokenizer", name, code, r"tokenizer\.json.*" + pattern)(lambda folder: folder.change_json("tokenizer.json", change))


def set_in(*path_and_value):
    """Sets document[path...] = value."""
    *path, last, value = path_and_value
    def change(document):
        for key in path:
            document = document[key]
        document[last] = value
    return change


def add_merge(*merge):
    def change(document):
        merges = document["model"]["merges"]
        merges.append(list(merge) if isinstance(merges[0], list) else " ".join(merge))
    return change


for text, name in ((b"", "empty"), (b'{"model":', "open"), (b"[]", "an array"), (b"\xff\xfe", "no UTF-8"), (b"[" * 100_000, "deep"),
                   (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n", "LFS pointer")):
    case("tokenizer", f"tokenizer.json is {name}", 1, r"tokenizer\.json")(
        lambda folder, text=text: folder.file("tokenizer.json").write_bytes(text) and None)
for text, name in ((b"{", "open"), (b"[" * 100_000, "deep")):
    case("tokenizer", f"tokenizer_config.json is {name}", 1, r"tokenizer_config\.json")(
        lambda folder, text=text: folder.file("tokenizer_config.json").write_bytes(text) and None)
    case("tokenizer", f"generation_config.json is {name}", 1, r"generation_config\.json")(
        lambda folder, text=text: folder.file("generation_config.json").write_bytes(text) and None)
tokenizer("no model", 1, "model", lambda document: document.pop("model") and None)
tokenizer("unknown model", 3, "WordPiece", set_in("model", "type", "WordPiece"))
tokenizer("a merge of unknown parts", 1, r"merge", add_merge("\u2603\u2603", "\u2603"))
tokenizer("a merge with an unknown result", 1, r"merge", add_merge("q", "\u0120zzz"))
tokenizer("an id beyond the model's vocabulary", 1, r"5000", set_in("model", "vocab", "zzzz", 5000))
tokenizer("a negative id", 1, r"zzzz", set_in("model", "vocab", "zzzz", -1))
tokenizer("an id that is text", 1, r"zzzz|id", set_in("model", "vocab", "zzzz", "7"))
tokenizer("an id twice", 1, r"zzzz|700", set_in("model", "vocab", "zzzz", 700))
tokenizer("an id of 2^40", 1, str(2**40), set_in("model", "vocab", "zzzz", 2**40))
tokenizer("merges are a number", 1, r"merges", set_in("model", "merges", 7))
tokenizer("an unknown regex", 3, r"\(\?<!x\)\\d\{7\}", set_in("pre_tokenizer", {"type": "Sequence", "pretokenizers": [
    {"type": "Split", "pattern": {"Regex": "(?<!x)\\d{7}"}, "behavior": "Isolated", "invert": False},
    {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False}]}))
tokenizer("an unknown pre-tokenizer", 3, r"Morse", set_in("pre_tokenizer", {"type": "Morse"}))
tokenizer("an unknown normalizer", 3, r"Rot13", set_in("normalizer", {"type": "Rot13"}))
tokenizer("an unknown decoder", 3, r"Rot13", set_in("decoder", {"type": "Rot13"}))


# ---- Running -------------------------------------------------------------------------------------------------------------


def run_case(scratch, number, name, code, pattern, flags, damage):
    """An empty string, or what is wrong."""
    room = scratch / str(number)
    room.mkdir()
    folder = Folder(room / "in")
    model = damage(folder) or folder.path
    beside = set(room.iterdir())
    begun = time.monotonic()
    try:
        done = subprocess.run([SINTER, "compile", model, "-o", room / "out", *flags], capture_output=True, timeout=60,
                              check=False)
    except subprocess.TimeoutExpired:
        return "takes longer than a minute"
    message = done.stderr.decode("utf-8", "replace")
    if done.returncode != code:
        return f"exit code {done.returncode}, expected {code}: {message}"
    if not re.fullmatch(r"sinter: error: [^\n]*\n", message) or done.stdout:
        return f"not one line: {message!r} {done.stdout!r}"
    if not re.search(pattern, message):
        return f"does not match {pattern}: {message}"
    if len(message) > 1000:
        return f"a message of {len(message)} characters: {message[:300]}"
    if set(room.iterdir()) != beside:
        return f"left behind: {set(room.iterdir()) - beside}"
    if time.monotonic() - begun > 20:
        return "takes longer than 20 seconds"
    return ""


def main(group, only=None):
    faults = 0
    with temporary_folder() as temporary:
        for number, (name, *rest) in enumerate(CASES[group]):
            if only and only not in name:
                continue
            fault = run_case(pathlib.Path(temporary), number, name, *rest)
            if fault:
                faults += 1
                print(f"{group}, {name}: {fault.rstrip()}")
    print(f"{group}: {len(CASES[group])} cases, {faults} wrong")
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main(*sys.argv[1:])
