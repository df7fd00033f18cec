#!/usr/bin/env python3
"""The rules of the house that a script can check: who may include whom, how long
files and functions are, where command-line options are declared, what the runtime
may use, and that nothing is left half done. Prints file:line: rule, exits 1.

    check_style.py ROOT | --self-test
"""
import os
import re
import sys

FOLDERS = ["bench", "cmake", "compiler", "dialects", "docs", "examples", "runtime", "targets", "tests"]
SKIPPED = {"build", "generated", "generate", "node_modules", "Inputs", "__pycache__"}

# What the files of a folder may include of ours, beside their own folder. The
# longest matching row counts; None: anything. docs/architecture.md has the reasons.
DIALECTS = ["dialects/xf", "dialects/plan", "dialects/kern"]
INCLUDES = {
    "bench": None,
    "examples": ["runtime/include"],
    "tests": None,
    "runtime": [],
    "dialects/xf": [],
    "dialects/plan": ["dialects/xf"],
    "dialects/kern": [],
    "compiler/support": [],
    "compiler/import": ["compiler/support"],
    "compiler/models": ["compiler/import", "compiler/support", "dialects/xf"],
    "compiler/quant": ["compiler/support"],
    "compiler/transforms": ["compiler/support", "dialects/xf"],
    "compiler/reference": ["compiler/support", "dialects/xf"],
    "compiler/kernels": ["compiler/quant", "compiler/support", "dialects/xf", "dialects/kern"],
    "compiler/lowering": ["compiler/kernels", "compiler/support"] + DIALECTS,
    # The tokenizer's file format and reader are the runtime's; the writer checks its work with them.
    "compiler/tokenizer": ["compiler/import", "compiler/support", "runtime/text"],
    "compiler/pipeline": ["compiler/transforms", "compiler/lowering", "compiler/kernels", "compiler/support",
                          "targets/common"] + DIALECTS,
    "compiler/bundle": ["compiler/import", "compiler/quant", "compiler/tokenizer", "compiler/kernels", "compiler/support",
                        "targets/common", "runtime/include", "runtime/schema"] + DIALECTS,
    "compiler/driver": None,
    "compiler/cli": ["compiler/driver", "compiler/bundle", "compiler/support", "runtime/include", "runtime/schema",
                     "runtime/text"],
    "compiler/tools": ["compiler/driver", "compiler/cli"],
    "targets/common": ["compiler/support", "dialects/plan", "dialects/kern"],
    # The kernels' file format is the device's.
    "targets/spirv": ["targets/common", "compiler/support", "dialects/kern", "runtime/include", "runtime/device/vulkan"],
    "targets": ["targets/common", "compiler/support", "dialects/plan", "dialects/kern", "runtime/include"],
}
OURS = ("bench/", "compiler/", "dialects/", "examples/", "runtime/", "targets/", "tests/")

CODE = (".cpp", ".h", ".hpp", ".c", ".inc")
MAX_FILE, MAX_FUNCTION = 800, 100
MARKS = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b")
BANNED_IN_RUNTIME = re.compile(
    r"#include <(iostream|sstream|fstream|functional|locale|regex|exception|stdexcept)>|"
    r"#include [\"<](llvm|mlir)/|\bstd::function\b|\bthrow\b(?!\()|\bdynamic_cast\b")


def owner(path):
    """The row of INCLUDES a file belongs to, and the folder that counts as its own."""
    best = max((r for r in INCLUDES if path.startswith(r + "/")), key=len, default=None)
    if best == "targets":  # targets/x may include itself but no other target
        return best, "/".join(path.split("/")[:2])
    return best, best


def check_includes(path, lines):
    row, own = owner(path)
    for number, line in enumerate(lines, 1):
        match = re.match(r'#include ["<]([^">]+)', line)
        if not match or not match[1].startswith(OURS):
            continue
        if row is None:
            yield number, "this folder is missing from the include table of check_style.py"
            continue
        allowed = INCLUDES[row]
        if allowed is None or any(match[1].startswith(folder + "/") for folder in [own] + allowed):
            continue
        yield number, f"{row} may not include {match[1]}"


def check_lengths(path, lines):
    if len(lines) > MAX_FILE:
        yield len(lines), f"file has {len(lines)} lines, {MAX_FILE} are the ceiling"
    if not path.endswith(CODE):
        return
    # clang-format puts a definition's closing brace in the column of its first line.
    start = re.compile(r"^ {0,4}(?!#|//|\}|\*|public:|private:|protected:)[\w~:<\[]")
    other = re.compile(r"^ *(template.*> )?(namespace|struct|class|enum|union|extern)\b")
    begin = {}
    for number, line in enumerate(lines, 1):
        indent = len(line) - len(line.lstrip(" "))
        closed = re.match(r"^ {0,4}\}(;|,|\)|$)", line)
        if closed and indent in begin:
            first = begin.pop(indent)
            body = lines[first - 1:number]
            text = "\n".join(body)
            table = "TypeSwitch" in text or re.match(r"[^({]*=", text)
            if len(body) > MAX_FUNCTION and "(" in body[0] + body[min(1, len(body) - 1)] and not table:
                yield first, f"function has {len(body)} lines, {MAX_FUNCTION} are the ceiling"
        elif start.match(line):
            begin[indent] = number
            if other.match(line):
                del begin[indent]
            for deeper in [i for i in begin if i > indent]:
                del begin[deeper]


def check_lines(path, lines):
    for number, line in enumerate(lines, 1):
        if MARKS.search(line):
            yield number, "work left undone is said in an issue, not in a mark"
        if path.endswith(CODE) and "cl::opt" in line and not path.startswith(
                ("compiler/tools/", "compiler/driver/", "compiler/cli/")):
            yield number, "cl::opt stands in compiler/tools, compiler/driver and compiler/cli only"
        if "\t" in line:
            yield number, "tab"
        if line != line.rstrip() and not path.endswith(".py"):  # there it may be text
            yield number, "white space at the end of the line"
        if path.startswith("runtime/") and path.endswith(CODE) and BANNED_IN_RUNTIME.search(line.split("//")[0]):
            yield number, "not in the runtime: exceptions, RTTI, iostream, std::function, locale, LLVM"


def check_file(path, text):
    lines = text.split("\n")
    if lines and not lines[-1]:
        lines.pop()
    name = os.path.basename(path).lower()
    if re.search(r"util", name):
        yield 1, "a file is named after what it knows, not utilities"
    if path.endswith(CODE + (".td",)) and lines and not lines[0].startswith(("//", "/*")):
        yield 1, "a file begins with a comment that says what it is"
    if path.endswith(CODE):
        yield from check_includes(path, lines)
    yield from check_lengths(path, lines)
    yield from check_lines(path, lines)


def files(root):
    for folder in FOLDERS:
        for where, names, found in os.walk(os.path.join(root, folder)):
            names[:] = sorted(n for n in names if n not in SKIPPED and not n.startswith((".", "build")))
            for name in sorted(found):
                if name.endswith(CODE + (".td", ".def", ".py", ".cmake", ".txt", ".sh")):
                    yield os.path.relpath(os.path.join(where, name), root)


def self_test():
    def rules(path, text):
        return [message for _, message in check_file(path, text)]

    long_function = "// banner\nint f(int x) {\n" + "  ++x;\n" * 100 + "}\n"
    long_table = "// banner\nconst int t[] = {\n" + "  1,\n" * 200 + "};\n"
    long_class = "// banner\nclass C {\npublic:\n  int f();\n" + "\n  void f() {\n    g();\n  }\n" * 50 + "};\n"
    long_method = "// banner\nstruct S {\n  int f(\n      int x) {\n" + "    ++x;\n" * 100 + "  }\n};\n"
    bad = {
        "compiler/kernels/A.cpp": '// b\n#include "targets/cpu/CpuTarget.h"\n',
        "targets/wgsl/A.cpp": '// b\n#include "targets/cpu/CpuTarget.h"\n',
        "dialects/kern/A.cpp": '// b\n#include "dialects/xf/Xf.h"\n',
        "runtime/core/A.cpp": '// b\n#include "compiler/support/Error.h"\n',
        "runtime/core/B.cpp": "// b\n#include <iostream>\n",
        "runtime/core/C.cpp": "// b\nstd::function<void()> f;\n",
        "compiler/nowhere/A.cpp": '// b\n#include "dialects/xf/Xf.h"\n',
        "compiler/import/A.cpp": long_function,
        "compiler/import/B.h": long_method,
        "compiler/import/C.cpp": "// b\n" * 801,
        "compiler/import/D.cpp": "// b\nllvm::cl::opt<int> x;\n",
        "compiler/import/E.cpp": "// b TO" "DO\n",
        "compiler/import/F.cpp": "int x;\n",
        "compiler/import/G.cpp": "// b\n\tint x;\n",
        "compiler/import/H.cpp": "// b \n",
        "compiler/import/IoUtils.h": "// b\n",
    }
    good = {
        "compiler/driver/A.cpp": '// b\n#include "targets/cpu/CpuTarget.h"\nllvm::cl::opt<int> x;\n',
        "targets/cpu/A.cpp": '// b\n#include "targets/cpu/raise/Passes.h"\n#include "dialects/kern/Kern.h"\n',
        "compiler/import/A.cpp": long_function.replace("  ++x;\n", "", 10),
        "compiler/import/B.cpp": long_table,
        "runtime/core/A.cpp": "// b\nvoid f() noexcept; // never a throw\n",
        "compiler/import/C.cpp": "// b\n" * 800,
        "compiler/import/D.cpp": long_class,
    }
    wrong = [f"{p}: wanted one finding, got {rules(p, t)}" for p, t in bad.items() if len(rules(p, t)) != 1]
    wrong += [f"{p}: wanted none, got {rules(p, t)}" for p, t in good.items() if rules(p, t)]
    print("\n".join(wrong) if wrong else f"{len(bad) + len(good)} cases")
    return bool(wrong)


def main():
    if sys.argv[1] == "--self-test":
        return self_test()
    root, count, bad = sys.argv[1], 0, 0
    for path in files(root):
        count += 1
        with open(os.path.join(root, path), encoding="utf-8") as file:
            for line, message in check_file(path, file.read()):
                print(f"{path}:{line}: {message}")
                bad += 1
    print(f"{count} files, {bad} findings")
    return bad > 0 or count == 0


if __name__ == "__main__":
    sys.exit(main())
