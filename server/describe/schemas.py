"""Models as JSON Schema: what a description refers to, each once."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

Schema = dict[str, Any]
_PLACE = "#/components/schemas/{model}"
Model = type[BaseModel]
ANY_OBJECT: Final = "JsonObject"
_ANY_OBJECT: Final[Schema] = {"type": "object", "additionalProperties": True}


def described(tree: Any) -> tuple[Any, Schema]:
    """A tree with references in the place of the models that stand in it, and the schemas by name that these lead to, with that of any object."""
    models = [*dict.fromkeys(_models(tree))]
    found, whole = models_json_schema(
        [(model, "validation") for model in models], by_alias=True, ref_template=_PLACE
    )
    places = {model: found[model, "validation"] for model in models}
    schemas = {name: _plain(schema) for name, schema in whole.get("$defs", {}).items()}
    schemas[ANY_OBJECT] = {**_ANY_OBJECT, "description": "Any object."}
    return _placed(tree, places), dict(sorted(schemas.items()))


def reference(name: str) -> Schema:
    """What stands for a schema that is described elsewhere."""
    return {"$ref": _PLACE.format(model=name)}


def _models(tree: Any) -> Iterator[Model]:
    if isinstance(tree, type):
        yield tree
    elif isinstance(tree, Mapping):
        for one in tree.values():
            yield from _models(one)
    elif isinstance(tree, Sequence) and not isinstance(tree, str):
        for one in tree:
            yield from _models(one)


def _placed(tree: Any, places: Mapping[Model, Schema]) -> Any:
    if isinstance(tree, type):
        return dict(places[tree])
    if isinstance(tree, Mapping):
        return {name: _placed(one, places) for name, one in tree.items()}
    if isinstance(tree, Sequence) and not isinstance(tree, str):
        return [_placed(one, places) for one in tree]
    return tree


def _plain(schema: Any) -> Any:
    """Without titles, which say a name once more, without defaults that stand for nothing, and with descriptions in Markdown.

    Any object is one schema with a name: generators would name each after its place, and `Event` + `context` is taken by `EventContext`.
    """
    if isinstance(schema, list):
        return [_plain(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    found = {name: _plain(one) for name, one in schema.items() if not _is_noise(name, one)}
    if isinstance(found.get("description"), str):
        found["description"] = markdown(found["description"])
    return reference(ANY_OBJECT) if found == _ANY_OBJECT else found


def _is_noise(name: str, value: Any) -> bool:
    return (name == "title" and isinstance(value, str)) or (
        name == "default" and (value is None or value == "")
    )


def markdown(docstring: str) -> str:
    """A docstring as Markdown, each paragraph and each point on a line of its own."""
    paragraphs = re.split(r"\n\s*\n", docstring.replace("``", "`").strip())
    points = (re.split(r"\n(?=\s*- )", paragraph) for paragraph in paragraphs)
    return "\n\n".join("\n".join(" ".join(point.split()) for point in some) for some in points)


def without_discriminators(schema: Any) -> Any:
    """What a reader of plain JSON Schema takes: which of several models it is, their ``type`` says."""
    if isinstance(schema, list):
        return [without_discriminators(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        name: without_discriminators(one)
        for name, one in schema.items()
        if name != "discriminator" or "propertyName" not in one
    }
