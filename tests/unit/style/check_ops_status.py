#!/usr/bin/env python3
"""docs/ops-status.md says of every xf op what is there: this checks that each op has a
row and that what the row names exists. Argument: the repository's root."""
import re
import sys
from pathlib import Path

root = Path(sys.argv[1])


def read(path):
    file = root / path
    return file.read_text() if file.exists() else ""


def op_classes(spec):
    """mnemonic -> C++ class, of one .td file."""
    return {mnemonic: name for name, mnemonic in
            re.findall(r'^def Xf_(\w+Op) : Xf_\w*Op<"(\w+)"', read(f"dialects/xf/{spec}"), re.M)}


page = read("docs/generated/xf.md")
ops = re.findall(r"^### `(xf\.\w+)` \(", page, re.M)
ids = set(re.findall(r"\b([a-z_0-9]+)_c(\d+)\b", page))
families = re.findall(r"^KERNEL_FAMILY\((\w+)\)", read("compiler/kernels/Kernels.def"), re.M)
rows = {}
for line in read("docs/ops-status.md").splitlines():
    cells = [cell.strip() for cell in line.strip("|").split("|")]
    if len(cells) == 6 and cells[0].startswith("`xf."):
        rows[cells[0].strip("`")] = cells[1:]

problems = [f"{op}: no row" for op in ops if op not in rows]
problems += [f"{op}: no such op" for op in rows if op not in ops]
if not ops:
    problems.append("docs/generated/xf.md lists no ops")
named = set()
for op, (spec, verify, lit, reference, kernels) in rows.items():
    mnemonic = op.split(".")[1]
    name = op_classes(spec).get(mnemonic)
    if not name:
        problems.append(f"{op}: not defined in dialects/xf/{spec}")
        continue
    count = sum(1 for i in ids if i[0] == mnemonic)
    if verify != str(count):
        problems.append(f"{op}: has {count} constraints, not {verify}")
    if not re.search(rf"// CHECK.*\b{re.escape(op)}\b", read(f"tests/lit/dialects/xf/{lit}")):
        problems.append(f"{op}: not checked in tests/lit/dialects/xf/{lit}")
    code = read(f"compiler/reference/{reference}")
    known = name in read("compiler/reference/Structure.cpp") or mnemonic == "region"
    if mnemonic == "yield":  # the end of a block, not an op that is evaluated
        continue
    if not code or not known or mnemonic.replace("_", "") not in code.lower().replace("_", ""):
        problems.append(f"{op}: compiler/reference/{reference} does not evaluate it")
    if kernels != "-":
        named.update(kernels.split(", "))
problems += [f"kernel family {name} is in Kernels.def but in no row" for name in families if name not in named]
problems += [f"kernel family {name} is in a row but not in Kernels.def" for name in sorted(named) if name not in families]
print("\n".join(problems) if problems else f"{len(rows)} rows")
sys.exit(1 if problems else 0)
