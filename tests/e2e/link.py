"""link.py: applications that link a bundle build with GCC and Clang (where they are) and
print the text that `sinter run` prints; the bundle's runtime sources build by themselves; the archives keep to their names."""
import pathlib
import re
import shutil
import subprocess
import sys

from bundles import ROOT, run_tool, sinter, skip, temporary_folder

EXAMPLES = ROOT / "examples"
PROMPT = "Once upon a time, there was a little fox"

# What the program it is linked into may see of the runtime: the C interface, and C++ names in namespaces of ours.
ALLOWED = re.compile(r"sinter_\w+|_Z.*\d(sinter|sinter_flatbuffers)\d.*")


def build(source, folder, *options):
    run_tool("cmake", "-S", source, "-B", folder, *options)
    run_tool("cmake", "--build", folder, "--parallel", 2)


def check_example(name, program, compilers, bundle, scratch, expected):
    """Builds one example with each compiler and compares what it says."""
    for c, cpp in compilers:
        folder = scratch / f"{name}-{c}"
        build(EXAMPLES / name, folder, f"-DCMAKE_C_COMPILER={c}", f"-DCMAKE_CXX_COMPILER={cpp}",
              f"-DCMAKE_PREFIX_PATH={bundle}", "-DCMAKE_C_FLAGS=-Wall -Wextra -Werror",
              "-DCMAKE_CXX_FLAGS=-Wall -Wextra -Werror")
        expected(folder / program)
        print(f"{name} with {c}: same text as sinter run")


def foreign_symbols(archive):
    """Global symbols of an archive that are neither the C interface nor in our namespaces."""
    listed = run_tool("nm", "--defined-only", "--extern-only", "--format=posix", archive)
    names = [line.split()[0] for line in listed.splitlines() if len(line.split()) > 1]
    assert len(names) > 10, listed
    return [name for name in names if not ALLOWED.fullmatch(name)]


def check_package(bundle, prefix):
    """No path of this machine in what is meant to be shipped; symbols under our names only."""
    for path in [*(bundle / "lib" / "cmake").rglob("*.cmake"), bundle / "include" / f"{prefix}.h", bundle / "manifest.json"]:
        text = path.read_text()
        for forbidden in (str(ROOT), str(bundle), "/usr/", "/home/", "/tmp/"):
            assert forbidden not in text, f"{path} names {forbidden}"
    for archive in (bundle / "lib").glob("*.a"):
        assert str(ROOT).encode() not in archive.read_bytes(), f"{archive} names {ROOT}"
    foreign = foreign_symbols(bundle / "lib" / "libsinter_runtime-x86_64.a")
    assert not foreign, f"the runtime's archive defines {foreign[:5]} and {len(foreign)} in all"
    listed = run_tool("nm", "--defined-only", "--extern-only", "--format=posix", bundle / "lib" / "libsinter_model-x86_64.a")
    foreign = [line for line in listed.splitlines() if " " in line and not line.startswith(f"{prefix}_")]
    assert not foreign, f"the model's archive defines {foreign[:5]}"


def check_sources(bundle, scratch):
    """The runtime's sources build alone; the program linked with them by hand."""
    build(bundle / "src" / "runtime", scratch / "runtime", "-DCMAKE_CXX_COMPILER=g++", "-DCMAKE_C_COMPILER=gcc")
    runtime = next((scratch / "runtime").rglob("libsinter_runtime.a"))
    run_tool("gcc", "-std=c99", f"-I{bundle}/include", f'-DSINTER_TALES_BUNDLE_DIR="{bundle}"',
             EXAMPLES / "link_from_cmake/main.c", bundle / "lib/libsinter_model-x86_64.a", runtime, "-lpthread", "-ldl",
             "-o", scratch / "tell")
    return scratch / "tell"


def check_chat(bundle, scratch, compilers):
    """native_chat, which opens the bundle at run time, takes several turns and ends with its input."""
    c, cpp = compilers[0]
    build(EXAMPLES / "native_chat", scratch / "chat", f"-DCMAKE_C_COMPILER={c}", f"-DCMAKE_CXX_COMPILER={cpp}",
          f"-DCMAKE_PREFIX_PATH={bundle}", "-DCMAKE_CXX_FLAGS=-Wall -Wextra -Werror")
    talk = subprocess.run([scratch / "chat" / "native_chat", bundle, "3"], input=f"{PROMPT}.\n Then it rained.\n\n",
                          capture_output=True, text=True, check=False)
    turns = talk.stdout.splitlines()
    assert talk.returncode == 0 and "tales" in talk.stderr and len(turns) >= 3, talk
    assert all(len(turn) > 20 for turn in turns[:2]), turns
    print("native_chat: three turns")


compilers = [(c, cpp) for c, cpp in (("gcc", "g++"), ("clang-19", "clang++-19")) if shutil.which(c) and shutil.which(cpp)]
if not compilers or not shutil.which("cmake"):
    skip("needs cmake and a C++ compiler")

with temporary_folder() as temporary:
    scratch = pathlib.Path(temporary)
    bundle = scratch / "tales"
    sinter("compile", EXAMPLES / "tales/model", "-q", "q4", "-o", bundle, "--quiet")
    text = sinter("run", bundle, "-p", PROMPT, "-n", 128, "--temp", 0)
    assert len(text.split()) > 40, text
    check_package(bundle, "tales")
    told = lambda program: run_tool(program, PROMPT) == text or sys.exit(f"{program} says something else than {text}")
    check_example("link_from_cmake", "tell", compilers, bundle, scratch, told)
    if shutil.which("g++"):
        told(check_sources(bundle, scratch))
        print("the runtime from the bundle's sources: the same")
    check_chat(bundle, scratch, compilers)
    # A missing folder is an error that the program can show.
    program = scratch / f"link_from_cmake-{compilers[0][0]}" / "tell"
    gone = subprocess.run([program, PROMPT, scratch / "nowhere"], capture_output=True, text=True, check=False)
    assert gone.returncode == 1 and "nowhere" in gone.stderr, gone
