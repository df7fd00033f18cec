#!/usr/bin/env python3
"""Brings the texts of cases.json up to date: what Jinja itself makes of the templates there, set up as transformers does.

    make_cases.py     (needs python3-jinja2; last made with 3.1.6)

A case is [template, text], or [template, null] where Jinja fails. The variables are those of `context`.
"""
import json
import pathlib

from transformers_jinja import NOW, render

HERE = pathlib.Path(__file__).parent

source = json.loads((HERE / "cases.json").read_text())
variables = {"documents": None, "add_generation_prompt": False, **source["context"]}
cases = [[template, render(template, variables)] for template, _ in source["cases"]]
lines = ",\n".join("  " + json.dumps(case, ensure_ascii=False) for case in cases)
context = json.dumps(source["context"], ensure_ascii=False)
(HERE / "cases.json").write_text(f'{{"now": {NOW}, "context": {context}, "cases": [\n{lines}\n]}}\n')
print(len(cases), "cases,", sum(text is None for _, text in cases), "errors")
