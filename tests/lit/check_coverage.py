#!/usr/bin/env python3
"""Every op of a dialect is round-tripped by some lit file, and every constraint id is
named by an error case. Ops and ids are read from docs/generated, which other tests
keep in step with the .td files."""
import re
import sys
from pathlib import Path

root = Path(__file__).resolve().parents[2]
problems = []
for dialect in ("xf", "plan", "kern"):
    page = (root / f"docs/generated/{dialect}.md").read_text()
    ops = re.findall(rf"^### `({dialect}\.\w+)` \(", page, re.M)
    ids = sorted(set(re.findall(r"\b[a-z_0-9]+_c\d+\b", page)))
    if not ops or not ids:
        problems.append(f"docs/generated/{dialect}.md names no ops or no constraints")
    cases, errors = "", ""
    for path in sorted((root / f"tests/lit/dialects/{dialect}").rglob("*.mlir")):
        if path.stem.endswith("-errors"):
            errors += path.read_text()
        else:
            cases += path.read_text()
    for op in ops:
        if not re.search(rf"// CHECK[A-Z-]*:.*\b{re.escape(op)}\b(?!\.)", cases):
            problems.append(f"{op}: no CHECK line in tests/lit/dialects/{dialect}")
    for name in ids:
        if not re.search(rf"// (expected-error|CHECK).*\({name}\)", errors):
            problems.append(f"{name}: no error case in tests/lit/dialects/{dialect}")
    sources = "".join(p.read_text() for p in (root / f"dialects/{dialect}").glob("*.cpp"))
    for name in ids:
        if not re.search(rf"\b{name}\b", sources):
            problems.append(f"{name}: not checked in dialects/{dialect}/*.cpp")
print("\n".join(problems) if problems else "every op and every constraint has its case")
sys.exit(1 if problems else 0)
