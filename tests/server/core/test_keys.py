"""Keys as rows and as readers see them."""

from server.core.keys import ADMINISTRATOR, KeyRow, key_wire

ROW = KeyRow(ADMINISTRATOR, 1, "ci", "listener", "hash", 1_000, "us_key_0000000003", 5_000, None)


def test_a_key_is_valid_until_it_expires_or_is_revoked():
    assert ROW.is_valid(4_999)
    assert not ROW.is_valid(5_000)
    assert KeyRow("k", 1, "n", "admin", "h", 0).is_valid(10**15)
    assert not KeyRow("k", 1, "n", "admin", "h", 0, revoked_at=1).is_valid(0)


def test_nothing_secret_is_shown():
    shown = key_wire(ROW)
    assert "hash" not in str(shown)
    assert shown == {
        "id": "us_key_0000000000",
        "name": "ci",
        "role": "listener",
        "everySpace": False,
        "createdAt": "1970-01-01T00:00:01.000Z",
        "createdBy": "us_key_0000000003",
        "expiresAt": "1970-01-01T00:00:05.000Z",
        "revokedAt": None,
        "jobs": None,
        "topics": None,
        "rotatedAt": None,
        "oldSecretUntil": None,
        "lastUsedAt": None,
    }
