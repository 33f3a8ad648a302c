"""Markdown of pydantic models: their fields with types, limits and defaults."""

import json
from typing import Any

from pydantic import BaseModel

from docs.markdown import line, table

Schema = dict[str, Any]


def frame(model: type[BaseModel], schemas: dict[str, Schema]) -> str:
    """A frame under its type."""
    return described(model.__name__, schemas[model.__name__], f"`{model.model_fields['type'].default}`")


def described(name: str, schema: Schema, title: str) -> str:
    """A model, or an enumeration, under its title, with the anchor that the fields of others link to."""
    head = f'### {title} <a id="{name.lower()}"></a>'
    text = " ".join(schema.get("description", "").replace("``", "`").split())
    blocks = [head, text, line(schema["enum"]) if "enum" in schema else _fields(schema)]
    return "\n\n".join(block for block in blocks if block)


def _fields(schema: Schema) -> str:
    required = set(schema.get("required", ()))
    rows = [
        (f"`{field}`", _kind(facts), _presence(field in required, facts))
        for field, facts in schema["properties"].items()
    ]
    return table(("field", "type", "given"), rows)


def _presence(required: bool, facts: Schema) -> str:
    if required or "const" in facts:
        return "required"
    default = facts.get("default")
    if not _is_shown(default):
        return ""
    return f"default `{default if isinstance(default, str) else json.dumps(default)}`"


def _is_shown(default: Any) -> bool:
    return default is not None and default not in ("", [], {})


def _kind(facts: Schema) -> str:
    """The type and limits of a field, in words."""
    if "$ref" in facts:
        name = facts["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "const" in facts:
        return f"`{facts['const']}`"
    if "enum" in facts:
        return " or ".join(f"`{value}`" for value in facts["enum"])
    for several in ("anyOf", "oneOf", "allOf"):
        if several in facts:
            return " or ".join(
                dict.fromkeys(_kind(one) for one in facts[several] if one.get("type") != "null")
            )
    if facts.get("type") == "array":
        return _bounded(f"list of {_kind(facts.get('items', {}))}", facts, ("minItems", "maxItems"), "")
    return _scalar(facts)


def _scalar(facts: Schema) -> str:
    if facts.get("format") == "date-time":
        return "time"
    kind = facts.get("type", "any JSON")
    if kind == "string":
        form = f", `{facts['pattern']}`" if "pattern" in facts else ""
        return _bounded("text", facts, ("minLength", "maxLength"), " characters") + form
    return _bounded(str(kind), facts, ("minimum", "maximum"), "")


def _bounded(kind: str, facts: Schema, names: tuple[str, str], unit: str) -> str:
    least, most = (facts.get(name) for name in names)
    bounds = (
        ("more than", facts.get("exclusiveMinimum"), ""),
        ("at least", least if most is None else None, unit),
        (f"{least} to" if least is not None else "at most", most, unit),
    )
    said = [
        f"{word} {bound:g}{after}" if isinstance(bound, float) else f"{word} {bound}{after}"
        for word, bound, after in bounds
        if bound is not None
    ]
    return ", ".join([kind, *said])
