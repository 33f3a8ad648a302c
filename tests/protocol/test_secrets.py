"""Secrets on the wire: names, values and jobs within their limits, and errors that repeat nothing."""

import pytest
from pydantic import ValidationError

from listener_sdk.protocol.secrets import LARGEST_VALUE, Secret, SecretWrite

AT = "2026-01-01T00:00:00.000Z"


@pytest.mark.parametrize("name", ["a", "_", "crm_token", "A.b-c_9", "x" * 128])
def test_names(name):
    assert SecretWrite(name=name, value="v").name == name


@pytest.mark.parametrize("name", ["", "9a", "-a", ".a", "a b", "a/b", "ä", "a\n", "x" * 129, "a\0"])
def test_what_is_no_name(name):
    with pytest.raises(ValidationError):
        SecretWrite(name=name, value="v")


@pytest.mark.parametrize("value", ["x", " ", "ä" * (LARGEST_VALUE // 2), "a\nb", "x" * LARGEST_VALUE])
def test_values(value):
    assert SecretWrite(name="a", value=value).value == value


@pytest.mark.parametrize(
    "value", ["", "x" * (LARGEST_VALUE + 1), "ä" * (LARGEST_VALUE // 2 + 1), 7, None, ["x"]]
)
def test_what_is_no_value(value):
    with pytest.raises(ValidationError):
        SecretWrite(name="a", value=value)


@pytest.mark.parametrize("jobs", [[], [""], ["x" * 193], ["*a" * 9], ["a:b"] * 33, "a:b"])
def test_what_names_no_jobs(jobs):
    with pytest.raises(ValidationError):
        SecretWrite(name="a", value="v", jobs=jobs)


@pytest.mark.parametrize(
    "wrong", [{"value": ["canary-value"]}, {"value": "canary-value" * 9999}, {"name": "9", "actorId": "\n"}]
)
def test_errors_and_texts_do_not_show_the_value(wrong):
    with pytest.raises(ValidationError) as caught:
        SecretWrite.model_validate({"name": "a", "value": "canary-value"} | wrong)
    assert "canary" not in str(caught.value)


def test_neither_is_shown_by_its_text():
    assert "canary" not in repr(SecretWrite(name="a", value="canary"))
    secret = Secret.model_validate(
        {"id": "us_sec_1", "name": "a", "value": "canary", "createdAt": AT, "updatedAt": AT}
    )
    assert "canary" not in repr(secret)
