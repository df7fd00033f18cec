#!/usr/bin/env python3
"""Brings the texts of cases.json up to date: what Jinja itself makes of the templates there, set up as transformers does.

    make_cases.py     (needs python3-jinja2; last made with 3.1.6)

A case is [template, text], or [template, null] where Jinja fails. The variables are those of `context`.
"""
import datetime
import json
import pathlib

import jinja2
import jinja2.ext
import jinja2.sandbox

HERE = pathlib.Path(__file__).parent
NOW = 1700000000


class Generation(jinja2.ext.Extension):
    tags = {"generation"}

    def parse(self, parser):
        line = next(parser.stream).lineno
        body = parser.parse_statements(["name:endgeneration"], drop_needle=True)
        return jinja2.nodes.Scope(body, lineno=line)


def environment():
    made = jinja2.sandbox.ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[Generation, jinja2.ext.loopcontrols])

    def tojson(x, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
        return json.dumps(x, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)

    def raise_exception(message):
        raise jinja2.exceptions.TemplateError(message)

    moment = datetime.datetime.fromtimestamp(NOW, datetime.timezone.utc)
    made.filters["tojson"] = tojson
    made.globals["raise_exception"] = raise_exception
    made.globals["strftime_now"] = moment.strftime
    return made


def render(template, context):
    try:
        return environment().from_string(template).render(documents=None, add_generation_prompt=False, **context)
    except Exception:
        return None


source = json.loads((HERE / "cases.json").read_text())
cases = [[template, render(template, source["context"])] for template, _ in source["cases"]]
lines = ",\n".join("  " + json.dumps(case, ensure_ascii=False) for case in cases)
context = json.dumps(source["context"], ensure_ascii=False)
(HERE / "cases.json").write_text(f'{{"now": {NOW}, "context": {context}, "cases": [\n{lines}\n]}}\n')
print(len(cases), "cases,", sum(text is None for _, text in cases), "errors")
