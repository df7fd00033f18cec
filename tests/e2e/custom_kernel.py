"""custom_kernel.py GROUP: shaders of the user in the place of generated kernels (docs/custom-kernels.md).

Groups: example (examples/custom_kernel on lavapipe: the text is the generated kernel's; the bundle is reproducible and says
whose kernel it is; skeletons compile), errors (a table: what is done to the example, the exit code, what the message must
say; nothing is left behind). WGSL on a device: tests/web/custom_kernel.mjs."""
import filecmp
import json
import os
import re
import subprocess
import sys
from pathlib import Path

from bundles import ROOT, SINTER, run_tool, sinter, skip, temporary_folder

EXAMPLE = ROOT / "examples/custom_kernel"
TALES = ROOT / "examples/tales/model"
LAVAPIPE = "/usr/share/vulkan/icd.d/lvp_icd.x86_64.json"
DOWN = "linear_q4_0_f32_gemv__residual_192x512_"

if not Path(LAVAPIPE).exists():
    skip(f"{LAVAPIPE} is missing")
os.environ["VK_ICD_FILENAMES"] = LAVAPIPE


def kernel_ids():
    listed = json.loads(sinter("inspect", TALES, "--target", "vulkan", "--quantization", "q4", "--json"))
    return [kernel["id"] for kernel in listed["kernels"]]


def only(ids, beginning):
    found = [name for name in ids if name.startswith(beginning)]
    assert len(found) == 1, (beginning, ids)
    return found[0]


def compile_with(output, *flags, target="vulkan", **options):
    return sinter("compile", TALES, "-q", "q4", "--target", target, "-o", output, "--quiet", *flags, **options)


def story(bundle):
    return json.loads(sinter("run", bundle, "-p", "Once upon a time", "-n", 80, "--temp", 0, "--ignore-eos", "--device",
                             "vulkan", "--json"))["text"]


def example(folder):
    ids = kernel_ids()
    kernel = only(ids, DOWN)
    readme = (EXAMPLE / "README.md").read_text()
    assert kernel in readme, f"examples/custom_kernel/README.md does not name {kernel}"

    flag = f"{kernel}={EXAMPLE / 'down.comp'}"
    compile_with(f"{folder}/own", "--kernel", flag, target="cpu,vulkan")
    compile_with(f"{folder}/again", "--kernel", flag, target="cpu,vulkan", text_input=b"")
    compile_with(f"{folder}/generated")
    same = filecmp.cmpfiles(f"{folder}/own", f"{folder}/again",
                            [entry["path"] for entry in manifest(f"{folder}/own")["files"]] + ["manifest.json"], shallow=False)
    assert not same[1] and not same[2], f"the bundles differ: {same}"

    text = story(f"{folder}/own")
    assert len(text) > 100 and text == story(f"{folder}/generated"), text
    packs = [Path(folder, bundle, "kernels/vulkan/spirv-soft.spvpack").read_bytes() for bundle in ("own", "generated")]
    assert packs[0] != packs[1], "the kernel was not replaced"

    records = manifest(f"{folder}/own")["custom_kernels"]
    assert [r["variant"] for r in records] == ["spirv-soft", "spirv-f16", "spirv-f32"], records
    assert all(r["id"] == kernel and r["file"] == "down.comp" and r["checked"] for r in records), records
    listing = sinter("inspect", f"{folder}/own", "--kernels")
    assert f"custom kernel {kernel} of vulkan spirv-soft: down.comp (sha256 {records[0]['sha256'][:12]})" in listing, listing
    assert json.loads(sinter("inspect", f"{folder}/own", "--json"))["custom_kernels"] == records
    sinter("verify", f"{folder}/own")


def skeletons(folder):
    """Of every kernel: it compiles, and declares what is bound; only its results are wrong."""
    ids = kernel_ids()
    flags = []
    for kernel in ids:
        text = sinter("inspect", TALES, "--quantization", "q4", "--kernel", kernel, "--skeleton", "glsl")
        assert "xf." in text and kernel in text, text
        path = Path(folder, f"{kernel}.comp")
        path.write_text(text)
        flags += ["--kernel", f"{kernel}@spirv-soft={path}"]
    compile_with(f"{folder}/empty", *flags, "--variants", "spirv-soft", "--unchecked-kernels")
    records = manifest(f"{folder}/empty")["custom_kernels"]
    assert [r["id"] for r in records] == ids and not any(r["checked"] for r in records), records
    norm = only(ids, "rmsnorm_")
    message = compile_with(f"{folder}/wrong", "--kernel", f"{norm}={folder}/{norm}.comp", code=1)
    assert re.search(r"token_count 1, position 0: binding 2 \(result, .*\): row 0, column 0 is -?nan, not ", message), message


def manifest(bundle):
    return json.loads(Path(bundle, "manifest.json").read_text())


# What is done to down.comp (a pair: text, replacement; or a function of it), exit code, pattern of the message.
INPUT = "layout(set = 0, binding = 0) readonly buffer Input { vec4 x[]; };"
RESULT = "layout(set = 0, binding = 3) writeonly buffer Result { float y[]; };"
ERRORS = [
    ("a syntax error", ("float sum = 0.0;", "float sum = ;"), 1, r"down\.comp:\d+: error: .*';' : +syntax error"),
    ("an unknown name", ("x2[n] + sum", "x2[n] + total"), 1, r"down\.comp:\d+: error: 'total' : undeclared"),
    ("a missing binding", ("layout(set = 0, binding = 2) readonly buffer Residual { float x2[]; };", "float x2[192];"), 1,
     r"down\.comp: binding 2 \(f32 \[1\]\[192\]\) is not declared; the region has 4 bindings"),
    ("a binding too many", (RESULT, RESULT + "\nlayout(set = 0, binding = 4) buffer More { float z[]; };"), 1,
     r"down\.comp:\d+: set 0, binding 4 is none of the region's 4 bindings, which are set 0, bindings 0 to 3"),
    ("a binding twice", (RESULT, RESULT + "\nlayout(set = 0, binding = 3) buffer More { float z[]; };"), 1,
     r"down\.comp:\d+: binding 3 is declared twice"),
    ("another element type", (INPUT, INPUT.replace("vec4", "ivec4")), 1,
     r"down\.comp:\d+: binding 0 \(f32 \[1\]\[512\]\) has elements of another type; use float, vec2 or vec4"),
    ("floats for packed weights", ("struct Block {\n  uint scales[8];", "struct Block {\n  float scales[8];"), 1,
     r"down\.comp:\d+: binding 1 \(weight, q4_0 .*\) has elements of another type; use integers"),
    ("padding between elements", (INPUT, INPUT.replace("vec4", "vec3")), 1,
     r"down\.comp:\d+: binding 0 .* has padding between its elements"),
    ("a longer array", (RESULT, RESULT.replace("y[]", "y[193]")), 1,
     r"down\.comp:\d+: binding 3 .* is declared with 772 bytes, it has 768"),
    ("no array", (RESULT, RESULT.replace("float y[]", "float first; float y[]")), 1,
     r"down\.comp:\d+: binding 3 .* must be a buffer block of one array"),
    ("an input that may be written", ("readonly buffer Residual", "buffer Residual"), 1,
     r"down\.comp:\d+: binding 2 .* is only read by the region: declare it readonly"),
    ("push constants", ("shared float", "layout(push_constant) uniform P { uint n; } p;\nshared float"), 1,
     r"down\.comp: there are no push constants"),
    ("another uniform", ("shared float", "layout(set = 1, binding = 1) uniform P { uint n; } p;\nshared float"), 1,
     r"down\.comp:\d+: the only uniform block is"),
    ("specialization constants", ("const uint COLUMNS", "layout(constant_id = 3) const uint COLUMNS"), 1,
     r"down\.comp: specialization constants"),
    ("a workgroup that is too large", ("local_size_x = 128", "local_size_x = 256"), 1,
     r"down\.comp: the workgroup is 256 x 1 x 1, at most 128 x 128 x 64 is allowed"),
    ("too many lanes", ("local_size_x = 128", "local_size_x = 64, local_size_y = 4"), 1,
     r"down\.comp: the workgroup has 256 lanes, at most 128 are allowed"),
    ("no full subgroups", ("local_size_x = 128", "local_size_x = 80"), 1,
     r"down\.comp: local_size_x is 80, in variant spirv-f16 it must be a multiple of 64"),
    ("too much shared memory", ("sums[16 * LANES]", "sums[16 * LANES * 64]"), 1,
     r"down\.comp: shared variables take 32768 bytes, at most 16384 are allowed"),
    ("a capability that no device is asked for", ("float sum = 0.0;", "double d = 1.0LF; float sum = float(d * x2[0]) * 0.0;"), 3,
     r"down\.comp: the shader needs the SPIR-V capability Float64"),
    ("an unknown directive", ("items_per_group 1", "items_per_grp 1"), 1, r"down\.comp:6: directive 'items_per_grp' is not known"),
    ("a directive out of range", ("items_per_group 1", "items_per_group 0"), 1, r"down\.comp:6: items_per_group '0'"),
    ("wrong results", ("x2[n] + sum", "x2[n] + 1.001 * sum"), 1,
     r"kernel linear_\S+ does not compute what its region means: token_count 1, position 0: binding 3 .*row 0, column \d+ is "),
    ("half of the items", ("items_per_group 1", "items_per_group 2"), 1, r"row 0, column 96 is -?nan, not "),
    ("a loop that does not end", ("b += LANES)", "b += 0)"), 1, r"does not end within|crashes the Vulkan driver|device was lost"),
]


def errors(folder):
    kernel = only(kernel_ids(), DOWN)
    source = (EXAMPLE / "down.comp").read_text()
    file = Path(folder, "down.comp")

    def refused(name, code, pattern, *flags, **options):
        message = compile_with(f"{folder}/bundle", *flags, code=code, **options)
        assert re.search(pattern, message), f"{name}: {message}"
        assert message.count("\n") == 1, f"{name}: more than one line: {message}"
        left = [path.name for path in Path(folder).iterdir() if path.name not in ("down.comp", "other.txt")]
        assert not left, f"{name} leaves {left}"

    for name, (old, new), code, pattern in ERRORS:
        if name == "a loop that does not end":
            continue  # takes the whole time limit; run by hand
        assert old in source, name
        file.write_text(source.replace(old, new))
        refused(name, code, pattern, "--kernel", f"{kernel}={file}")
    file.write_text(source)
    one = f"{kernel}={file}"
    refused("no file", 1, r"cannot read .*nowhere\.comp: No such file", "--kernel", f"{kernel}={folder}/nowhere.comp")
    refused("no such kernel", 1, r"kernel 'linear_none' is none of this model's; there are linear_q4_0", "--kernel",
            f"linear_none={file}")
    refused("no =", 1, r"--kernel 'abc' is not ID=FILE", "--kernel", "abc")
    refused("no such variant", 1, r"this compile has no such variant of vulkan", "--kernel", f"{kernel}@spirv-f64={file}")
    refused("twice", 1, r"kernel \S+ of variant spirv-soft is given twice", "--kernel", one, "--kernel", one)
    refused("another target", 1, r"no target of this compile takes such a file", "--kernel", one, target="cpu")
    Path(folder, "other.txt").write_text(source)
    refused("another extension", 1, r"\.comp and \.glsl files are for vulkan", "--kernel", f"{kernel}={folder}/other.txt")
    refused("stop after", 1, r"--kernel is for a whole compile", "--kernel", one, "--stop-after", "plan")
    os.environ["VK_ICD_FILENAMES"] = "/nowhere"
    refused("no device", 3, r"cannot be run here: .*; --unchecked-kernels leaves the check out", "--kernel", one)
    compile_with(f"{folder}/unchecked", "--kernel", one, "--unchecked-kernels")
    assert [r["checked"] for r in manifest(f"{folder}/unchecked")["custom_kernels"]] == [False] * 3
    for flags in (["--kernel", kernel], ["--skeleton", "glsl"], ["--kernel", kernel, "--skeleton", "hlsl"]):
        sinter("inspect", TALES, *flags, code=2 if "hlsl" not in flags else 105)


GROUPS = {"example": (example, skeletons), "errors": (errors,)}
for check in GROUPS[sys.argv[1]]:
    with temporary_folder() as scratch:
        check(scratch)
