"""custom_kernel.py GROUP: shaders of the user in the place of generated kernels (docs/custom-kernels.md).

Groups: example (examples/custom_kernel on lavapipe: the text is the generated kernel's; the bundle is reproducible and says
whose kernel it is; skeletons compile), errors (a table: what is done to the example, the exit code, what the message must
say; nothing is left behind). WGSL on a device: tests/web/custom_kernel.mjs."""
import filecmp
import json
import os
import re
import sys
from pathlib import Path

from bundles import ROOT, sinter, skip, temporary_folder

EXAMPLE = ROOT / "examples/custom_kernel"
TALES = ROOT / "examples/tales/model"
LAVAPIPE = "/usr/share/vulkan/icd.d/lvp_icd.x86_64.json"
DOWN = "linear_q4_0_f32_gemv__residual_192x512_"

if not Path(LAVAPIPE).exists():
    skip(f"{LAVAPIPE} is missing")
os.environ["VK_ICD_FILENAMES"] = LAVAPIPE


def kernel_ids():
    listed = json.loads(sinter("inspect", TALES, "--device", "vulkan", "--quantization", "q4", "--json"))
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
    variants = ["--variants", "spirv-soft,spirv-f32"]
    compile_with(f"{folder}/own", "--kernel", flag, *variants)
    compile_with(f"{folder}/again", "--kernel", flag, *variants)
    compile_with(f"{folder}/generated", "--variants", "spirv-soft")
    same = filecmp.cmpfiles(f"{folder}/own", f"{folder}/again",
                            [entry["path"] for entry in manifest(f"{folder}/own")["files"]] + ["manifest.json"], shallow=False)
    assert not same[1] and not same[2], f"the bundles differ: {same}"

    text = story(f"{folder}/own")
    assert len(text) > 100 and text == story(f"{folder}/generated"), text
    packs = [Path(folder, bundle, "kernels/vulkan/spirv-soft.spvpack").read_bytes() for bundle in ("own", "generated")]
    assert packs[0] != packs[1], "the kernel was not replaced"

    records = manifest(f"{folder}/own")["custom_kernels"]
    assert [r["variant"] for r in records] == ["spirv-soft", "spirv-f32"], records
    assert all(r["id"] == kernel and r["file"] == "down.comp" and r["checked"] for r in records), records
    listing = sinter("inspect", f"{folder}/own", "--kernels")
    assert f"custom kernel {kernel} of vulkan spirv-soft: down.comp (sha256 {records[0]['sha256'][:12]})" in listing, listing
    assert json.loads(sinter("inspect", f"{folder}/own", "--json"))["custom_kernels"] == records
    sinter("verify", f"{folder}/own")


def skeletons(folder):
    """They compile, and declare what is bound; only the results are wrong. One kernel for each kind of binding."""
    listed = kernel_ids()
    ids = [only(listed, name) for name in ("rope_append_", "rmsnorm_", "attention_f16_decode", "argmax_")]
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
    message = compile_with(f"{folder}/wrong", "--kernel", f"{norm}={folder}/{norm}.comp", "--variants", "spirv-soft", code=1)
    assert re.search(r"token_count 1, position 0: binding 2 \(result, .*\): row 0, column 0 is -?nan, not ", message), message


def manifest(bundle):
    return json.loads(Path(bundle, "manifest.json").read_text())


# What is done to down.comp, and what the message must say; other changes are in tests/unit/custom.
ERRORS = [
    ("a syntax error", ("float sum = 0.0;", "float sum = ;"), r"down\.comp:38: error: .*syntax error"),
    ("a binding too many", ("shared float", "layout(set = 0, binding = 4) buffer More { float z[]; };\nshared float"),
     r"down\.comp:\d+: set 0, binding 4 is none of the region's 4 bindings"),
    ("another element type", ("Input { vec4 x[]; };", "Input { uint z[]; };\nvec4 x[128];"),
     r"down\.comp:\d+: binding 0 \(f32 \[1\]\[512\]\) has elements of another type; use float"),
    ("a workgroup that is too large", ("local_size_x = 128", "local_size_x = 256"), r"down\.comp: the workgroup is 256 x 1 x 1"),
    ("wrong results", ("x2[n] + sum", "x2[n] + 1.001 * sum"),
     r"kernel linear_\S+ does not compute what its region means: token_count 1, position 0: binding 3 .*row 0, column \d+ is "),
    ("half of the items", ("items_per_group 1", "items_per_group 2"), r"row 0, column 96 is -?nan, not "),
]


def errors(folder):
    kernel = only(kernel_ids(), DOWN)
    source = (EXAMPLE / "down.comp").read_text()
    file = Path(folder, "down.comp")

    def refused(name, code, pattern, *flags, **options):
        if "target" not in options:
            flags = (*flags, "--variants", "spirv-soft")
        message = compile_with(f"{folder}/bundle", *flags, code=code, **options)
        assert re.search(pattern, message), f"{name}: {message}"
        assert message.count("\n") == 1, f"{name}: more than one line: {message}"
        left = [path.name for path in Path(folder).iterdir() if path.name not in ("down.comp", "other.txt")]
        assert not left, f"{name} leaves {left}"

    for name, (old, new), pattern in ERRORS:
        assert old in source, name
        file.write_text(source.replace(old, new))
        refused(name, 1, pattern, "--kernel", f"{kernel}={file}")
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
    compile_with(f"{folder}/unchecked", "--kernel", one, "--unchecked-kernels", "--variants", "spirv-soft")
    assert [r["checked"] for r in manifest(f"{folder}/unchecked")["custom_kernels"]] == [False]
    for flags in (["--kernel", kernel], ["--skeleton", "glsl"], ["--kernel", kernel, "--skeleton", "hlsl"]):
        sinter("inspect", TALES, *flags, code=2)


GROUPS = {"example": (example, skeletons), "errors": (errors,)}
for check in GROUPS[sys.argv[1]]:
    with temporary_folder() as scratch:
        check(scratch)
