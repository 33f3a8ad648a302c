"""Key texts: made, read back, and only their hashes kept."""

import pytest

from server.security import keys


def test_a_key_is_read_back_into_its_id_and_secret():
    secret = keys.new_secret()
    text = keys.key_text("us_key_000000000z", secret)
    assert text.startswith("tw_000000000z_")
    assert keys.parse_key(text) == ("us_key_000000000z", secret)


def test_secrets_are_of_256_bits_and_never_the_same():
    made = {keys.new_secret() for _ in range(100)}
    assert len(made) == 100
    assert {len(bytes.fromhex(secret)) for secret in made} == {32}


@pytest.mark.parametrize(
    "text",
    ["", "tw_", "tw_000000000z", "tw_000000000z_", "tw_000000000z_" + "a" * 63, "tw_000000000z_" + "A" * 64,
     "xx_000000000z_" + "a" * 64, "tw_000000000_" + "a" * 64, "tw_000000000z_" + "a" * 64 + "\n", "tw_0000000é0z_" + "a" * 64],
)  # fmt: skip
def test_what_is_no_key_is_not_read_as_one(text):
    assert keys.parse_key(text) is None


def test_only_the_right_secret_matches_its_hash():
    secret = keys.new_secret()
    stored = keys.digest(secret)
    assert secret not in stored
    assert keys.matches(secret, stored)
    assert not keys.matches(secret[:-1] + "x", stored)
    assert not keys.matches("", stored)
    assert not keys.matches("\ud800", stored)


def test_the_stamp_of_a_secret_tells_neither_it_nor_its_hash():
    stored = keys.digest("secret")
    assert keys.stamp(stored) == keys.stamp(keys.digest("secret"))
    assert keys.stamp(stored) not in stored
    assert keys.stamp(keys.digest("other")) != keys.stamp(stored)
