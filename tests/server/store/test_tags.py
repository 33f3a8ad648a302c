"""Conditions on tags; what they find stands in tests/conformance/test_tags.py."""

import pytest

from server.store import tags


@pytest.mark.parametrize(
    ("tag", "pattern"),
    [
        ("acme", '%"acme"%'),
        ("50%_a\\b", r'%"50\%\_a\\\\b"%'),
        ('say "x"', r'%"say \\"x\\""%'),
        ("Ω", '%"Ω"%'),
    ],
)
def test_the_tag_is_sought_as_the_text_of_an_event_has_it(tag, pattern):
    params = {}
    assert tags.told(tag, "e.body", "told", params) == "e.body LIKE :told ESCAPE '\\'"
    assert params == {"told": pattern}


@pytest.mark.parametrize("ask", [tags.condition, tags.source])
def test_the_tag_goes_as_a_parameter_alone(ask):
    params = {}
    text = ask("it's", "mine", params)
    assert "it's" not in text
    assert ":space" in text
    assert params == {"mine": "it's"}
