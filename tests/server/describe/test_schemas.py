"""Models in a tree become references, and schemas of their own."""

from listener_sdk.protocol.events import Event
from listener_sdk.protocol.jobs import Attempt, Job
from listener_sdk.protocol.outcomes import NextUrl
from server.describe.schemas import ANY_OBJECT, described, markdown, reference, without_discriminators


def test_models_are_referred_to_wherever_they_stand():
    tree, schemas = described({"a": [Attempt, {"b": Attempt}], "c": "text", "d": 1})
    place = {"$ref": "#/components/schemas/Attempt"}
    assert tree == {"a": [place, {"b": place}], "c": "text", "d": 1}
    assert list(schemas) == ["Attempt", ANY_OBJECT]
    assert schemas["Attempt"]["properties"]["startedAt"]["anyOf"][0] == {
        "format": "date-time",
        "type": "string",
    }


def test_what_a_model_refers_to_comes_along():
    _, schemas = described({"job": Job})
    assert set(schemas) == {"Job", ANY_OBJECT}
    _, schemas = described({"url": NextUrl})
    assert schemas["NextUrl"]["properties"]["type"]["const"] == "url"


def test_any_object_is_one_schema():
    _, schemas = described({"event": Event})
    event = schemas["Event"]["properties"]
    assert event["payload"] == event["context"] == event["origin"]["anyOf"][0] == reference(ANY_OBJECT)
    assert schemas[ANY_OBJECT] == {
        "type": "object",
        "additionalProperties": True,
        "description": "Any object.",
    }


def test_a_description_is_markdown():
    assert (
        markdown("One ``two``\n  three.\n\n- ``a``: first\n  of it\n- second")
        == "One `two` three.\n\n- `a`: first of it\n- second"
    )


def test_only_discriminators_are_left_out():
    schema = {"oneOf": [{"type": "object"}], "discriminator": {"propertyName": "type", "mapping": {}}}
    assert without_discriminators(schema) == {"oneOf": [{"type": "object"}]}
    kept = {"properties": {"discriminator": {"type": "string"}}}
    assert without_discriminators(kept) == kept
