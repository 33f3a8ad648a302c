"""The base of every wire model."""

import pytest
from pydantic import ValidationError

from listener_sdk.protocol.model import WireModel


class Parcel(WireModel):
    delivered_at_s: float
    model_name: str | None = None


def test_outside_is_camel_case_and_inside_is_snake_case():
    parcel = Parcel.model_validate({"deliveredAtS": 1.5, "modelName": "x"})
    assert (parcel.delivered_at_s, parcel.model_name) == (1.5, "x")
    assert parcel.model_dump() == {"deliveredAtS": 1.5, "modelName": "x"}
    assert parcel == Parcel(delivered_at_s=1.5, model_name="x")


def test_unknown_fields_are_ignored():
    assert Parcel.model_validate({"deliveredAtS": 1, "colour": "red"}).model_dump() == {
        "deliveredAtS": 1.0,
        "modelName": None,
    }


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_only_finite_numbers_are_taken(number):
    with pytest.raises(ValidationError):
        Parcel(delivered_at_s=number)
