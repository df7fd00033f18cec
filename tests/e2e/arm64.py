"""arm64.py: bundles with arm64 kernels, linked with the bundle's runtime sources by the cross compiler, run under qemu on
processors with and without i8mm and agree with the published logits (f32) and with x86-64 (q4)."""
import array
import json
import pathlib
import shutil
import subprocess

from bundles import ROOT, largest_difference, read_npy, read_safetensors, run_tool, shared, sinter, skip, temporary_folder

CROSS = "aarch64-linux-gnu-"
PROCESSORS = {"max": "arm64-i8mm", "neoverse-n1": "arm64-dotprod"}  # qemu's name: the variant to be chosen
F32_TOLERANCE = 2e-4  # of the logits' standard deviation, as in agreement.py
# q4 rounds activations to 8 bits: sums in another order move some of them over an edge, here as between x86-64 variants.
Q4_TOLERANCE = 5e-2


def compile_both(model, quantization, folder):
    """A bundle with kernels for this machine (to compare with) and for arm64."""
    sinter("compile", model, "-q", quantization, "--variants", "x86-64,arm64", "--name", "tiny", "-o", folder, "--quiet")


def build_program(bundle, folder):
    """tokens.c through the bundle's CMake package, which builds src/ where there is no library."""
    (bundle / "lib/libsinter_runtime-aarch64.a").unlink(missing_ok=True)
    project = folder / "project"
    project.mkdir(parents=True)
    (project / "CMakeLists.txt").write_text(f"""
cmake_minimum_required(VERSION 3.16)
project(tokens LANGUAGES C CXX)
find_package(Sinter CONFIG REQUIRED)
add_executable(tokens {ROOT / "tests/e2e/programs/tokens.c"})
target_link_libraries(tokens PRIVATE Sinter::model)
target_link_options(tokens PRIVATE -static)
""")
    run_tool("cmake", "-S", project, "-B", folder / "build", "-DCMAKE_SYSTEM_NAME=Linux", "-DCMAKE_SYSTEM_PROCESSOR=aarch64",
             f"-DCMAKE_C_COMPILER={CROSS}gcc", f"-DCMAKE_CXX_COMPILER={CROSS}g++", f"-DSinter_DIR={bundle}/lib/cmake/Sinter",
             "-DCMAKE_BUILD_TYPE=Release")
    run_tool("cmake", "--build", folder / "build", "--parallel", 2)
    return folder / "build" / "tokens"


def link_program(bundle, built, folder):
    """tokens.c for another bundle with the runtime library in it, or the one built before: no CMake, a plain linker."""
    folder.mkdir(parents=True)
    runtime = bundle / "lib/libsinter_runtime-aarch64.a"
    runtime = runtime if runtime.exists() else built
    run_tool(f"{CROSS}gcc", "-O1", "-static", f"-I{bundle}/include", ROOT / "tests/e2e/programs/tokens.c",
             bundle / "lib/libsinter_model-aarch64.a", runtime, "-lpthread", "-ldl", "-o", folder / "tokens")
    return folder / "tokens"


def run_on(processor, program, bundle, tokens, count, scratch):
    """(logits of every position, greedy tokens) as the processor computes them."""
    output = run_tool("qemu-aarch64", "-cpu", processor, program, bundle, scratch / "logits", count, *tokens).splitlines()
    assert output[0] == PROCESSORS[processor], f"{processor} runs {output[0]}"
    logits = array.array("f")
    logits.frombytes((scratch / "logits").read_bytes())
    return logits, list(map(int, output[1].split()))


def check_f32(name, bundle, program, folder, scratch):
    facts = json.loads((folder / "expected.json").read_text())
    expected = read_safetensors(folder / "expected.safetensors")["logits"][1]
    prompt = facts["tokens"][: facts["prompt_length"]]
    for processor in PROCESSORS:
        logits, _ = run_on(processor, program, bundle, facts["tokens"], 0, scratch)
        difference = largest_difference(logits, expected) / facts["logit_std"]
        print(f"{name} f32 on {processor}: {difference:.2e} of std")
        assert difference <= F32_TOLERANCE, difference
        _, greedy = run_on(processor, program, bundle, prompt, len(facts["greedy"]), scratch)
        assert greedy == facts["greedy"], (greedy, facts["greedy"])


def check_q4(name, bundle, program, tokens, scratch):
    sinter("logits", bundle, "--tokens", ",".join(map(str, tokens)), "-o", scratch / "x86.npy")
    (rows, columns), expected = read_npy(scratch / "x86.npy")
    mean = sum(expected) / len(expected)
    std = (sum((value - mean) ** 2 for value in expected) / len(expected)) ** 0.5
    for processor in PROCESSORS:
        logits, _ = run_on(processor, program, bundle, tokens, 0, scratch)
        difference = largest_difference(logits, expected) / std
        row = lambda values, i: values[i * columns : (i + 1) * columns]
        best = lambda values: max(range(columns), key=values.__getitem__)
        same = sum(best(row(logits, i)) == best(row(expected, i)) for i in range(rows))
        print(f"{name} q4 on {processor}: {difference:.2e} of std, {same} of {rows} likeliest tokens equal")
        assert difference <= Q4_TOLERANCE and same >= rows * 0.9, (difference, same)


for tool in ("qemu-aarch64", f"{CROSS}g++", "cmake"):
    if not shutil.which(tool):
        skip(f"{tool} is not here")
llama = shared("reference/llama")
tales = ROOT / "examples/tales"
# This question has the exit code 1.
known = subprocess.run(["qemu-aarch64", "-cpu", "help"], capture_output=True, text=True, check=False).stdout.split()
PROCESSORS = {name: variant for name, variant in PROCESSORS.items() if name in known}

with temporary_folder() as temporary:
    scratch = pathlib.Path(temporary)
    compile_both(tales / "model", "q4", scratch / "tales-q4")
    program = build_program(scratch / "tales-q4", scratch / "program")
    built = next((scratch / "program").rglob("libsinter_runtime.a"))
    case = json.loads((tales / "expected.json").read_text())["cases"][0]
    check_q4("tales", scratch / "tales-q4", program, case["prompt_ids"] + case["greedy_ids"][:40], scratch)
    for quantization in ("f32", "q4"):
        bundle = scratch / f"llama-{quantization}"
        compile_both(llama, quantization, bundle)
        program = link_program(bundle, built, scratch / f"program-{quantization}")
        if quantization == "f32":
            check_f32("llama", bundle, program, llama, scratch)
        else:
            check_q4("llama", bundle, program, json.loads((llama / "expected.json").read_text())["tokens"], scratch)
