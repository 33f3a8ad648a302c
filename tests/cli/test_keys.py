import json
from datetime import UTC, datetime, timedelta

import pytest

from listener_sdk.cli.failures import Misuse
from listener_sdk.cli.keys import expiry

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "ends"),
    [
        ("45m", NOW + timedelta(minutes=45)),
        ("12h", NOW + timedelta(hours=12)),
        ("30d", NOW + timedelta(days=30)),
        ("2w", NOW + timedelta(weeks=2)),
        ("2030-01-31T00:00:00+00:00", datetime(2030, 1, 31, tzinfo=UTC)),
    ],
)
def test_a_key_ends_after_a_span_or_at_a_time(text, ends):
    assert expiry(text, NOW) == ends


@pytest.mark.parametrize("text", ["soon", "0d", "-1d", "2025-12-31", "9999999d"])
def test_an_end_that_is_none_or_past_is_refused(text):
    with pytest.raises(Misuse, match="--expires"):
        expiry(text, NOW)


def test_a_new_key_is_shown_once(api, tickwire):
    result = tickwire("keys", "create", "--name", "laptop", "--role", "admin", "--expires", "2100-01-01")
    assert result.stdout.splitlines()[-1] == "tw_k2_secret"
    assert api.keys[0]["expiresAt"].startswith(("2100-01-01", "2099-12-31"))
    listed = tickwire("keys").stdout
    assert "laptop" in listed
    assert "secret" not in listed


def test_json_holds_the_key(api, tickwire):
    made = json.loads(tickwire("keys", "create", "--name", "ci", "--json").stdout)
    assert (made["key"], made["role"]) == ("tw_k2_secret", "listener")
    assert json.loads(tickwire("keys", "list", "--json").stdout)[0]["name"] == "ci"


def test_revoke_ends_a_key(api, tickwire):
    tickwire("keys", "create", "--name", "ci")
    assert tickwire("keys", "revoke", "k2").stdout == "k2 is revoked.\n"
    assert tickwire("keys").stdout == "There are no keys.\n"
