"""The base of every wire model."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from pydantic import ValidationError, create_model

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


def test_threads_that_use_a_model_first_at_the_same_moment_are_all_checked_by_it():
    """Models are built with their first use, and what is not built must not be taken for its base, which has no fields."""
    threads = 8
    with ThreadPoolExecutor(threads) as pool:
        for _ in range(20):
            begin = Barrier(threads)
            fresh = create_model("Fresh", __base__=WireModel, sent_at=(int, ...), held=(list[Parcel], ...))

            def use(number, fresh=fresh, begin=begin):
                begin.wait(10)
                return fresh.model_validate({"sentAt": number, "held": [{"deliveredAtS": number}]})

            for number, found in enumerate(pool.map(use, range(threads))):
                assert (found.sent_at, found.held) == (number, [Parcel(delivered_at_s=number)])
