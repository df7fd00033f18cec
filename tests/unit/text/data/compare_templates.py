#!/usr/bin/env python3
"""compare_templates.py RENDERER FILE.jinja...: what Sinter and Jinja make of published chat templates. Every template gets several conversations (roles in and out of
order, tool calls and results, parts of contents), with tools and without, with the prompt for an answer and without. Where Jinja fails, Sinter must fail.

    ninja -C build render-template && tests/unit/text/data/compare_templates.py build/bin/render-template *.jinja     (needs python3-jinja2)
"""
import itertools
import json
import pathlib
import subprocess
import sys
import tempfile

from transformers_jinja import NOW, render

TOOLS = [
    {"type": "function", "function": {
        "name": "get_weather", "description": "Weather of a place.",
        "parameters": {"type": "object", "required": ["city"], "properties": {
            "city": {"type": "string", "description": 'Name of the city, e.g. "Köln" & <co>'},
            "unit": {"type": "string", "enum": ["C", "F"]},
            "days": {"type": "array", "items": {"type": "integer"}}}}}},
    {"type": "function", "function": {
        "name": "add", "description": "Adds.", "return": {"type": "number"},
        "parameters": {"type": "object", "properties": {"a": {"type": "number"}, "b": {"type": "number"}}, "required": ["a", "b"]}}},
]


def said(role, content, **more):
    return {"role": role, "content": content, **more}


def called(arguments):
    return [{"id": "abcdef123", "type": "function", "function": {"name": "get_weather", "arguments": arguments}}]


CONVERSATIONS = {
    "user": [said("user", 'Hi <there> & "you"')],
    "system": [said("system", "Be  brief. "), said("user", " What's up?\n")],
    "answered": [said("user", "a"), said("assistant", "b\n"), said("user", "c")],
    "long": [said("system", "s"), said("user", "a"), said("assistant", "<think>\nhm\n</think>\n\nb"), said("user", "c"), said("assistant", "d"), said("user", "e")],
    "empty": [said("user", "")],
    "twice": [said("user", "a"), said("user", "b")],
    "tool": [said("user", "w?"), said("assistant", "", tool_calls=called({"city": "Köln", "days": [1, 2]})),
             said("tool", '{"t": 3.5}', tool_call_id="abcdef123", name="get_weather"), said("assistant", "3.5 C"), said("user", "thanks")],
    "tool, arguments as text": [said("system", "s"), said("user", "w?"), said("assistant", None, tool_calls=called('{"city": "Oslo"}')),
                                said("tool", "cold", tool_call_id="abcdef123", name="get_weather")],
    "parts": [said("user", [{"type": "text", "text": "look"}, {"type": "image"}, {"type": "text", "text": " here"}])],
}


def variables_for(template):
    thinking = [{}, {"enable_thinking": False}] if "enable_thinking" in template else [{}]
    for (name, messages), tools, prompt, more in itertools.product(CONVERSATIONS.items(), (None, TOOLS), (True, False), thinking):
        yield name, {"messages": messages, "tools": tools, "documents": None, "add_generation_prompt": prompt,
                     "bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>", **more}


def main():
    renderer, *files = sys.argv[1:]
    count = failures = different = 0
    with tempfile.TemporaryDirectory() as folder:
        given = pathlib.Path(folder) / "variables.json"
        for file in files:
            template = pathlib.Path(file).read_text()
            for name, variables in variables_for(template):
                given.write_text(json.dumps(variables))
                done = subprocess.run([renderer, file, given, str(NOW)], capture_output=True, check=False)
                ours = None if done.returncode == 1 else done.stdout.decode()
                theirs = render(template, variables)
                count += 1
                failures += theirs is None
                if ours != theirs:
                    different += 1
                    print(f"{file}: {name}: {'Jinja fails' if theirs is None else done.stderr.decode().strip() or 'another text'}")
    print(f"{len(files)} templates, {count} renderings ({failures} fail in Jinja), {different} different")
    return different != 0


sys.exit(main())
