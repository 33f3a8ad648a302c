"""Bodies of spaces: what they take, and what they refuse."""

import pytest
from pydantic import ValidationError

from listener_sdk.protocol.spaces import SpaceCreate, SpaceUpdate, code_of


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("Acme & Sons", "acme-sons"),
        ("  ÜBER  ", "ber"),
        ("漢字", "space"),
        ("x" * 128, "x" * 63),
        ("a" * 62 + "  b", "a" * 62),
    ],
)
def test_a_code_is_made_of_the_name(name, code):
    assert code_of(name) == code
    assert SpaceCreate(name=name).code == code


@pytest.mark.parametrize("code", ["", "-", "a-", "-a", "A", "a_b", "a b", "a" * 64, "ä", "a/b", "a\n"])
def test_other_codes_are_refused(code):
    with pytest.raises(ValidationError):
        SpaceCreate(name="x", code=code)


@pytest.mark.parametrize("code", ["a", "7", "a-b", "a" * 63])
def test_codes(code):
    assert SpaceCreate(name="x", code=code).code == code


@pytest.mark.parametrize("name", ["", " ", "a\nb", "\u200b", "x" * 129])
def test_names_are_text_that_people_can_read(name):
    with pytest.raises(ValidationError):
        SpaceCreate(name=name)


@pytest.mark.parametrize(
    "template",
    [
        "",
        "javascript:alert({id})",
        "https://a.example",
        "https://user@a.example/{id}",
        "https://a b/{id}",
        "//a/{id}",
    ],
)
def test_templates_are_addresses_with_the_place_of_an_id(template):
    with pytest.raises(ValidationError):
        SpaceCreate(name="x", link_template=template)


@pytest.mark.parametrize("days", [0, -1, float("nan"), 36_501])
def test_days_are_a_span(days):
    with pytest.raises(ValidationError):
        SpaceCreate.model_validate({"name": "x", "retention": {"jobDays": days}})


def test_null_takes_away_what_may_be_missing_alone():
    body = SpaceUpdate.model_validate(
        {"name": None, "linkTemplate": None, "archived": None, "retention": None}
    )
    assert set(body.sent()) == {"link_template", "retention"}
