"""The JSON Schema of an input's model, which takes no fields that the model would drop in silence."""

from collections.abc import Mapping
from typing import Any

from pydantic import AliasChoices, AliasPath, TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue


class _Closed(GenerateJsonSchema):
    def model_schema(self, schema: Any) -> JsonSchemaValue:
        return _closed(super().model_schema(schema), schema["cls"])

    def dataclass_schema(self, schema: Any) -> JsonSchemaValue:
        return _closed(super().dataclass_schema(schema), schema["cls"])


def closed_schema(model: TypeAdapter[Any]) -> dict[str, Any]:
    """The schema. Models and dataclasses take no other fields than their own, unless they say what becomes of these.

    That is ``extra="allow"``, or ``extra="ignore"`` said by hand. Models that read fields under other names than the schema has, by a
    validator that comes before or by aliases, stay open too.
    """
    return model.json_schema(schema_generator=_Closed)


def _closed(schema: JsonSchemaValue, model: type[Any]) -> JsonSchemaValue:
    if "properties" not in schema and schema.get("type") != "object":
        return schema
    if "additionalProperties" in schema or _says(model) or _reads_others(model):
        return schema
    return {**schema, "additionalProperties": False}


def _config(model: type[Any]) -> Mapping[str, Any]:
    return getattr(model, "model_config", None) or getattr(model, "__pydantic_config__", None) or {}


def _says(model: type[Any]) -> bool:
    return _config(model).get("extra") is not None


def _reads_others(model: type[Any]) -> bool:
    config = _config(model)
    if config.get("populate_by_name") or config.get("validate_by_name"):
        return True
    decorators = getattr(model, "__pydantic_decorators__", None)
    before = [] if decorators is None else decorators.model_validators.values()
    if any(one.info.mode != "after" for one in before):
        return True
    fields = getattr(model, "model_fields", None) or getattr(model, "__pydantic_fields__", None) or {}
    return any(isinstance(one.validation_alias, AliasChoices | AliasPath) for one in fields.values())
