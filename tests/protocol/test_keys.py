"""Keys on the wire."""

import pytest
from pydantic import ValidationError

from listener_sdk.protocol.keys import LONGEST_OVERLAP_S, KeyCreate, KeyRotate, KeyUpdate

KEY = {"name": "ci", "role": "listener"}


def test_a_new_key_has_a_name_and_a_role():
    made = KeyCreate.model_validate(KEY | {"jobs": ["import:*"]})
    assert (made.name, made.role, made.every_space, made.jobs, made.topics) == (
        "ci",
        "listener",
        False,
        ["import:*"],
        None,
    )


@pytest.mark.parametrize(
    "fields", [{"name": ""}, {"name": "a\n"}, {"name": "x" * 129}, {"role": "owner"}, {"role": None}, {"jobs": []},
               {"topics": [""]}, {"topics": ["a:b"] * 33}, {"jobs": ["a\x1b:b"]}],
)  # fmt: skip
def test_what_does_not_fit_is_refused(fields):
    with pytest.raises(ValidationError):
        KeyCreate.model_validate(KEY | fields)


def test_null_lifts_a_restriction_and_is_told_from_what_was_left_out():
    assert KeyUpdate.model_validate({"jobs": None}).model_fields_set == {"jobs"}


def test_an_overlap_has_an_end():
    assert KeyRotate().overlap_s == 3_600
    for wrong in (-1, LONGEST_OVERLAP_S + 1, float("inf")):
        with pytest.raises(ValidationError):
            KeyRotate(overlap_s=wrong)
