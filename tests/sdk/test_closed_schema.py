"""Which fields the schema of an input takes."""

from dataclasses import dataclass
from typing import Any

import pytest
from pydantic import AliasChoices, BaseModel, ConfigDict, Field, RootModel, TypeAdapter, model_validator

from listener_sdk._closed_schema import closed_schema


class Address(BaseModel):
    street: str


class Plain(BaseModel):
    rows: int = 0
    to: Address | None = None
    texts: dict[str, str] = {}


class Allowing(BaseModel):
    model_config = ConfigDict(extra="allow")
    rows: int = 0


class Ignoring(BaseModel):
    model_config = ConfigDict(extra="ignore")
    rows: int = 0


class ByName(BaseModel):
    model_config = ConfigDict(populate_by_name=True)
    row_count: int = Field(0, alias="rowCount")


class Choosing(BaseModel):
    rows: int = Field(0, validation_alias=AliasChoices("rows", "lines"))


class Before(BaseModel):
    rows: int = 0

    @model_validator(mode="before")
    @classmethod
    def _renamed(cls, given: Any) -> Any:
        return given


class After(BaseModel):
    rows: int = 0

    @model_validator(mode="after")
    def _fitting(self) -> "After":
        return self


class Inner(Allowing):
    to: Address | None = None


@dataclass
class Data:
    rows: int = 0


def schema(kind):
    return closed_schema(TypeAdapter(kind))


@pytest.mark.parametrize("kind", [Plain, After, Data, Address, type("Empty", (BaseModel,), {})])
def test_a_model_takes_its_own_fields_alone(kind):
    assert schema(kind)["additionalProperties"] is False


@pytest.mark.parametrize("kind", [Allowing, Ignoring, ByName, Choosing, Before])
def test_a_model_that_does_something_with_others_takes_them(kind):
    assert schema(kind).get("additionalProperties", True) is True


def test_what_a_model_holds_is_closed_by_itself_and_dicts_are_open():
    found = schema(Plain)
    assert found["$defs"]["Address"]["additionalProperties"] is False
    assert found["properties"]["texts"]["additionalProperties"] == {"type": "string"}
    found = schema(Inner)
    assert (found["additionalProperties"], found["$defs"]["Address"]["additionalProperties"]) == (True, False)


@pytest.mark.parametrize("kind", [dict[str, int], list[int], RootModel[list[int]], RootModel[dict[str, int]]])
def test_what_is_no_model_stays_as_it_is(kind):
    assert schema(kind) == TypeAdapter(kind).json_schema()
