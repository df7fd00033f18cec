"""Jinja set up as the apply_chat_template of transformers does it; needs python3-jinja2."""
import datetime
import json

import jinja2
import jinja2.ext
import jinja2.sandbox

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
    """The text, or None where Jinja fails."""
    try:
        return environment().from_string(template).render(context)
    except Exception:
        return None
