"""A schema from a form and a form from a schema, for job types that give only one of them.

A form becomes a schema that says the same: made into a form again, it is the form that it was. What a schema has no word for (a text of
several lines, colours and icons of options) stands under ``x-form``, which validators pass over. The other way something may be lost: a
form has flat fields of a few types, so parameters that are objects or lists are left out of it, and told.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from pydantic import ValidationError

from listener_sdk.protocol.forms import MOST_FIELDS, MOST_OPTIONS, FieldConfig, FormField, InputForm
from listener_sdk.protocol.json_schemas import RefError, at_path, resolve_ref

EXTRA: Final = "x-form"
"""The keyword for what only a form says."""

_SCALARS: Final = (str, int, float, bool)
_MOST_REFS: Final = 32
_SIMPLE: Final = {"string": "string", "number": "number", "integer": "number", "boolean": "boolean"}


@dataclass(frozen=True, slots=True)
class MadeForm:
    """A form, and the parameters of the schema that it has no field for."""

    form: InputForm
    left_out: tuple[str, ...]


def schema_of(form: InputForm) -> dict[str, Any]:
    """The schema of what the form gives: its fields and no others. A required text is not empty."""
    required = [field.key for field in form.fields if field.is_required]
    return {
        "type": "object",
        "properties": {field.key: _property(field) for field in form.fields},
        **({"required": required} if required else {}),
        "additionalProperties": False,
    }


def form_of(schema: dict[str, Any]) -> MadeForm:
    """The form for a schema: a field for each property of a simple kind, in their order."""
    found: list[FormField] = []
    left_out: list[str] = []
    properties = schema.get("properties")
    required = schema.get("required")
    for key, given in (properties if isinstance(properties, dict) else {}).items():
        field = _field(schema, key, given, isinstance(required, list) and key in required)
        if field is None or len(found) == MOST_FIELDS:
            left_out.append(key)
        else:
            found.append(field)
    return MadeForm(InputForm(fields=found), tuple(left_out))


def _property(field: FormField) -> dict[str, Any]:
    described = {"title": field.label, "description": field.description, "default": field.default_value}
    return {
        **_kind(field),
        **{name: value for name, value in described.items() if value is not None},
    }


def _kind(field: FormField) -> dict[str, Any]:
    if field.config is not None:
        return {"enum": [option.value for option in field.config.options], EXTRA: _wire(field.config)}
    if field.type == "date":
        return {"type": "string", "format": "date"}
    if field.type in {"string", "textarea"}:
        extra = {EXTRA: {"type": "textarea"}} if field.type == "textarea" else {}
        return {"type": "string", **({"minLength": 1} if field.is_required else {}), **extra}
    return {"type": field.type}


def _wire(config: FieldConfig) -> dict[str, Any]:
    return config.model_dump(mode="json", by_alias=True, exclude_none=True)


def _field(document: dict[str, Any], key: str, given: Any, is_required: bool) -> FormField | None:
    node = _followed(document, given)
    given_extra = node.get(EXTRA)
    extra = given_extra if isinstance(given_extra, dict) else {}
    config = _config(document, node, extra)
    kind = "enum" if config else _type(node, extra)
    body = {
        "key": key,
        "type": kind,
        "label": _text(node.get("title"), 256),
        "description": _text(node.get("description"), 4096),
        "defaultValue": node.get("default"),
        "config": config,
        "constraints": [{"type": "required"}] if is_required else None,
    }
    if kind is None:
        return None
    return _made({name: value for name, value in body.items() if value is not None})


def _made(body: dict[str, Any]) -> FormField | None:
    """The field; without a default that it does not take, and none at all for a key that no field may have."""
    try:
        return FormField.model_validate(body)
    except ValidationError:
        return (
            _made({name: value for name, value in body.items() if name != "defaultValue"})
            if "defaultValue" in body
            else None
        )


def _followed(document: dict[str, Any], given: Any) -> dict[str, Any]:
    """The schema with what it refers to merged under it, and without the null that it may also be."""
    node = given if isinstance(given, dict) else {}
    for _ in range(_MOST_REFS):
        inner = _referred(document, node) or _only(node)
        if inner is None:
            break
        node = {
            **inner,
            **{
                name: value for name, value in node.items() if name not in {"$ref", "allOf", "anyOf", "oneOf"}
            },
        }
    return node


def _referred(document: dict[str, Any], node: dict[str, Any]) -> dict[str, Any] | None:
    try:
        found = at_path(document, resolve_ref(document, node["$ref"])) if "$ref" in node else None
    except RefError:
        return None
    return found if isinstance(found, dict) else None


def _only(node: dict[str, Any]) -> dict[str, Any] | None:
    """The one form that the value has besides null, where there is but one."""
    for keyword in ("allOf", "anyOf", "oneOf"):
        listed = node.get(keyword)
        forms = [one for one in listed if one != {"type": "null"}] if isinstance(listed, list) else []
        if len(forms) == 1 and isinstance(forms[0], dict):
            return forms[0]
    return None


def _type(node: dict[str, Any], extra: dict[str, Any]) -> str | None:
    listed = node.get("type")
    kinds = [kind for kind in (listed if isinstance(listed, list) else [listed]) if kind != "null"]
    kind = _SIMPLE.get(kinds[0]) if len(kinds) == 1 and isinstance(kinds[0], str) else None
    if kind != "string":
        return kind
    if node.get("format") == "date":
        return "date"
    return "textarea" if extra.get("type") == "textarea" else "string"


def _config(document: dict[str, Any], node: dict[str, Any], extra: dict[str, Any]) -> dict[str, Any] | None:
    values = [option["value"] for option in _options(document, node)]
    if not values or len(values) > MOST_OPTIONS:
        return None
    drawn = {"options": list(_options(document, node))}
    try:
        given = FieldConfig.model_validate(extra)
    except ValidationError:
        return drawn
    return _wire(given) if _same(given, values) else drawn


def _options(document: dict[str, Any], node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The choices of ``enum``, ``const``, or of forms that are constants each; those that a form can show."""
    listed = node.get("enum", [node["const"]] if "const" in node else None)
    if isinstance(listed, list):
        yield from ({"value": value} for value in listed if isinstance(value, _SCALARS))
        return
    forms = node.get("oneOf", node.get("anyOf"))
    nodes = [_followed(document, one) for one in forms] if isinstance(forms, list) else []
    if nodes and all("const" in one or one.get("type") == "null" for one in nodes):
        for one in nodes:
            if isinstance(one.get("const"), _SCALARS):
                labels = {
                    "label": _text(one.get("title"), 256),
                    "description": _text(one.get("description"), 4096),
                }
                yield {
                    "value": one["const"],
                    **{name: text for name, text in labels.items() if text is not None},
                }


def _text(value: Any, most: int) -> str | None:
    return value[:most] if isinstance(value, str) else None


def _same(config: FieldConfig, values: list[Any]) -> bool:
    # Python takes true for 1; JSON does not.
    given = [option.value for option in config.options]
    return given == values and list(map(type, given)) == list(map(type, values))
