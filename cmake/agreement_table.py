#!/usr/bin/env python3
"""The table of docs/models.md that says how far each target is from a model's published implementation, made of what the
agreement tests left.

  agreement_table.py RESULTS PAGE MODEL...            rewrites the part of PAGE between the markers
  agreement_table.py --check RESULTS PAGE MODEL...    fails if PAGE lacks a model, or says that one does not agree

RESULTS/MODEL/TARGET.json is {"target", "runs": [{"variant", "prefill", "stepwise", "greedy"}]}; differences are of the
logits' standard deviation. Numbers depend on the machine, and what can be run does, so --check looks at rows and bounds only. A page is rewritten only
when every model was run on the CPU: half a test run makes no table.
"""
import json
import pathlib
import sys

BEGIN = "<!-- begin agreement: made by cmake/agreement_table.py from a test run -->"
END = "<!-- end agreement -->"
# Title, file, variant (None: the only one), bound of the tests.
COLUMNS = [("cpu", "cpu", None, 2e-4),
           ("wasm simd128", "wasm", "simd128", 2e-4), ("wasm relaxed", "wasm", "relaxed", 2e-4),
           ("webgpu soft", "webgpu", "soft", 5e-4), ("webgpu f32", "webgpu", "f32", 5e-4),
           ("vulkan, lavapipe", "vulkan-lavapipe", None, 5e-4),
           ("vulkan, SwiftShader", "vulkan-swiftshader", None, 5e-4)]
NOT_RUN, DIFFERS = "-", "other tokens"


def cell(results, model, file, variant):
    """The worst difference of a target's runs."""
    path = results / model / f"{file}.json"
    runs = json.loads(path.read_text())["runs"] if path.exists() else []
    runs = [run for run in runs if variant in (None, run["variant"])]
    if not runs:
        return NOT_RUN
    if not all(run["greedy"] for run in runs):
        return DIFFERS
    return f"{max(max(run['prefill'], run['stepwise']) for run in runs):.1e}"


def instruction_set(results, models):
    return json.loads((results / models[0] / "cpu.json").read_text())["runs"][0]["variant"]


def table(results, models):
    rows = {model: [cell(results, model, file, variant) for _, file, variant, _ in COLUMNS] for model in models}
    lines = ["| model | " + " | ".join(title for title, *_ in COLUMNS) + " |", "|---" * (len(COLUMNS) + 1) + "|"]
    lines += [f"| {model} | " + " | ".join(cells) + " |" for model, cells in rows.items()]
    left = [gap for index, (title, *_) in enumerate(COLUMNS)
            if (gap := gap_of(title, [model for model in models if rows[model][index] == NOT_RUN], models))]
    lines += ["", f"The CPU computed with {instruction_set(results, models)}. "
              + ("Not run: " + "; ".join(left) + "." if left else "Everything was run.")]
    return "\n".join(lines)


def gap_of(title, missing, models):
    """What of a target was not run, in as few names as possible."""
    run = [model for model in models if model not in missing]
    if not run:
        return title
    if len(missing) > len(run):
        return f"{title}, but for {', '.join(run)}"
    return f"{title}: {', '.join(missing)}" if missing else ""


def cells_of(page):
    """{model: cells} of the table that the page has."""
    rows = [[part.strip() for part in line.strip("|").split("|")] for line in page.splitlines() if line.startswith("| ")]
    return {row[0]: row[1:] for row in rows}


def problems(page, models):
    have = cells_of(page)
    for model in models:
        cells = have.get(model, [])
        if len(cells) != len(COLUMNS) or cells[0] == NOT_RUN:
            yield f"{model}: no row of {len(COLUMNS)} targets with a number for the CPU"
            continue
        for (title, _, _, bound), text in zip(COLUMNS, cells):
            if text == DIFFERS or text != NOT_RUN and float(text) > bound:
                yield f"{model}, {title}: {text}, beyond {bound:.0e}"


def main():
    arguments = sys.argv[1:]
    check = arguments[0] == "--check"
    results, page, *models = arguments[check:]
    results, page = pathlib.Path(results), pathlib.Path(page)
    text = page.read_text()
    before, rest = text.split(BEGIN)
    inside, after = rest.split(END)
    if check:
        found = list(problems(inside, models))
        sys.exit(f"{page}: run the tests and ./dev docs\n" + "\n".join(found) if found else 0)
    missing = [model for model in models if not (results / model / "cpu.json").exists()]
    if missing:
        print(f"{page} is left as it is: no test run of {', '.join(missing)}", file=sys.stderr)
        return
    page.write_text(f"{before}{BEGIN}\n{table(results, models)}\n{END}{after}")


main()
