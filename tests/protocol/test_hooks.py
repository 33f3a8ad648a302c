"""Hooks on the wire: what fits together, and what does not."""

import base64

import pytest
from pydantic import ValidationError

from listener_sdk.protocol.hooks import HookCreate, HookRotate, Verification, check_said, check_secret

LEAST = {"name": "Shop", "verification": {"kind": "github"}, "definition": "web"}


def standard(size, start="whsec_"):
    return start + base64.b64encode(b"x" * size).decode()


def test_headers_are_read_in_small_letters():
    assert Verification(kind="hmac", header="X-Sig").header == "x-sig"


def test_what_is_signed_names_what_it_reads():
    said = {"kind": "hmac", "header": "a", "signed": "{timestamp}.{body}"}
    with pytest.raises(ValidationError, match="timestampHeader"):
        Verification.model_validate(said)
    assert Verification.model_validate({**said, "timestampHeader": "X-T"}).timestamp_header == "x-t"


@pytest.mark.parametrize("secret", [standard(16), standard(64), standard(32, "whpk_")])
def test_secrets_of_standard_webhooks(secret):
    check_secret("standard", secret)


@pytest.mark.parametrize(
    "secret", [standard(15), standard(65), standard(31, "whpk_"), "whsec_!", standard(32, "")]
)
def test_others_are_refused_without_being_repeated(secret):
    with pytest.raises(ValueError, match="Standard Webhooks") as caught:
        check_secret("standard", secret)
    assert secret not in str(caught.value)


def test_an_error_never_repeats_a_secret():
    with pytest.raises(ValidationError) as caught:
        HookCreate.model_validate({**LEAST, "secret": "canary\n"})
    assert "canary" not in str(caught.value)
    assert "canary" not in repr(HookRotate(secret="canary-of-the-hook"))


@pytest.mark.parametrize(
    "change",
    [
        {"event": "a:b"},
        {"mode": "full", "definition": None, "jobType": "noop"},
        {"replayBy": "header"},
        {"replayHeader": "x"},
    ],
)
def test_what_does_not_fit_together(change):
    said = {name: value for name, value in {**LEAST, **change}.items() if value is not None}
    with pytest.raises(ValueError, match=r"."):
        check_said(said)
    with pytest.raises(ValidationError):
        HookCreate.model_validate(said)
