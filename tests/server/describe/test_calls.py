"""The table of calls: what it says is what the functions read."""

import inspect
import re
from importlib import import_module

import pytest

from listener_sdk.protocol.codes import ERRORS
from server.describe.calls import CALLS
from server.describe.shapes import JSON


def source(name):
    module, function = name.split(".")
    return inspect.getsource(getattr(import_module(f"server.web.{module}"), function))


@pytest.mark.parametrize(
    "name", [name for name, shape in CALLS.items() if shape.takes and JSON in shape.takes]
)
def test_the_body_is_the_one_that_is_read(name):
    model = CALLS[name].takes[JSON]
    if not isinstance(model, type):
        return
    text = source(name)
    found = set(
        re.findall(
            r"\b(?:body|submit|answer|act|_act|_create|_set|_pass|_secret_body)\(\s*(?:call, )?([A-Z]+[a-z]\w*)\b",
            text,
        )
    )
    found |= set(re.findall(r"\bparse\(([A-Z]+[a-z]\w*)", text))
    assert not found or model.__name__ in found, (name, found)


def test_every_code_is_one():
    for shape in CALLS.values():
        assert set(shape.refuses) <= set(ERRORS)
