"""``tickwire hooks sign``: what it prints is what the server checks."""

import json
import time

import pytest

from listener_sdk.protocol.signatures import way_of
from server.security.signatures import Rejected, verify

RAW = b'{"ref": "refs/heads/main"}\r\n'
SECRETS = {"standard": "whsec_MDEyMzQ1Njc4OWFiY2RlZg=="}
SECRET = "canary-of-the-signer"


@pytest.fixture
def files(tmp_path):
    body, secret = tmp_path / "body", tmp_path / "secret"
    body.write_bytes(RAW)
    secret.write_text(f"{SECRET}\n", encoding="utf-8")
    return body, secret


def checked(headers, kind, secret, **way):
    return verify(way_of(kind, way), headers, RAW, [secret], time.time())


@pytest.mark.parametrize("kind", ["standard", "github", "stripe", "slack", "bearer"])
def test_each_kind_is_signed_as_it_is_checked(tickwire, files, kind):
    body, path = files
    secret = SECRETS.get(kind, SECRET)
    path.write_text(secret, encoding="utf-8")
    printed = tickwire("hooks", "sign", kind, body, "--secret-file", path)
    assert printed.exit_code == 0, printed.output
    headers = dict(line.split(": ", 1) for line in printed.stdout.splitlines())
    checked(headers, kind, secret)
    with pytest.raises(Rejected):
        checked(headers, kind, f"{SECRETS['standard'][:-3]}Q==" if kind == "standard" else "another-secret")
    if kind != "bearer":
        assert SECRET not in printed.output


def test_any_other_way_is_said_by_options(tickwire, files):
    body, secret = files
    way = {"header": "x-sig", "prefix": "v2=", "encoding": "base64url", "algorithm": "sha512"}
    way |= {"signed": "{id}.{timestamp}.{body}", "timestamp_header": "x-time", "id_header": "x-id"}
    args = [text for name, value in way.items() for text in (f"--{name.replace('_', '-')}", value)]
    printed = tickwire("hooks", "sign", "hmac", body, "--secret-file", secret, *args, "--id", "m1", "--json")
    headers = json.loads(printed.stdout)
    assert headers["x-id"] == "m1"
    assert checked(headers, "hmac", SECRET, **way).id == "m1"


def test_the_body_or_the_secret_may_be_standard_input(tickwire, files):
    body, secret = files
    first = tickwire("hooks", "sign", "github", "-", "--secret-file", secret, typed=RAW).stdout
    second = tickwire("hooks", "sign", "github", body, "--secret-file", "-", typed=f"{SECRET}\n").stdout
    assert first == second == tickwire("hooks", "sign", "github", body, "--secret-file", secret).stdout
    both = tickwire("hooks", "sign", "github", "-", "--secret-file", "-", typed=RAW)
    assert (both.exit_code, "Standard input" in both.stderr) == (2, True)


def test_a_signature_may_be_an_old_one(tickwire, files):
    body, secret = files
    printed = tickwire("hooks", "sign", "slack", body, "--secret-file", secret, "--at", "10m", "--json")
    with pytest.raises(Rejected) as caught:
        checked(json.loads(printed.stdout), "slack", SECRET)
    assert caught.value.reason == "too_old"


@pytest.mark.parametrize(
    ("kind", "secret", "args", "told"),
    [
        ("none", SECRET, (), "none"),
        ("hmac", SECRET, (), "hmac needs header"),
        ("github", SECRET, ("--header", "X-Sig"), "takes no header"),
        ("github", "", (), "must hold the secret"),
        ("github", "x" * 5_000, (), "must hold the secret"),
        ("github", "pässword", (), "ASCII"),
        ("standard", SECRET, (), "whsec_"),
        ("standard", "whpk_" + "A" * 43 + "=", (), "a public key"),
        ("slack", SECRET, ("--at", "2999-01-01"), "--at"),
        ("github", SECRET, ("--at", "10m"), "carries no timestamp"),
        ("slack", SECRET, ("--id", "msg_1"), "carries no id"),
    ],
)
def test_what_cannot_be_signed_is_said_without_the_secret(tickwire, files, kind, secret, args, told):
    body, path = files
    path.write_text(secret, encoding="utf-8")
    result = tickwire("hooks", "sign", kind, body, "--secret-file", path, *args)
    assert (result.exit_code, told in result.stderr) == (2, True), result.output
    assert not secret or secret not in result.output


def test_without_a_terminal_the_secret_is_not_asked_for(tickwire, files):
    result = tickwire("hooks", "sign", "github", files[0], typed="x")
    assert (result.exit_code, "--secret-file" in result.stderr) == (2, True)
