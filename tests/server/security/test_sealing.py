"""Sealing: what opens and what does not, under which master key, and what the stored texts tell."""

import base64
from dataclasses import replace

import pytest

from server.security.sealing import (
    PREFIX_LENGTH,
    Locked,
    MasterKey,
    Sealed,
    Sealer,
    new_master_key,
    parse_master_key,
)

OLD, NEW = parse_master_key("11" * 32), parse_master_key("22" * 32)


@pytest.fixture
def sealer():
    return Sealer("us_acc_1", [OLD])


@pytest.fixture
def place(sealer):
    return sealer.place(1, "crm_token", "", 1)


@pytest.mark.parametrize("value", ["x", "open sesame", "ä\n\U0001f511", "x" * 65_536])
def test_what_was_sealed_opens(sealer, place, value):
    assert sealer.open(place, sealer.seal(place, value)) == value


def test_nothing_is_sealed_twice_alike(sealer, place):
    first, second = sealer.seal(place, "v"), sealer.seal(place, "v")
    assert first.wrapped != second.wrapped
    assert first.sealed != second.sealed
    assert first.wrapped[:PREFIX_LENGTH] == second.wrapped[:PREFIX_LENGTH] == sealer.prefix


@pytest.mark.parametrize(
    "elsewhere",
    [{"store": "us_acc_2"}, {"space_id": 2}, {"name": "other"}, {"owner": "us_usr_1"}, {"version": 2}],
)
def test_it_opens_in_its_place_alone(sealer, place, elsewhere):
    sealed = sealer.seal(place, "v")
    with pytest.raises(Locked):
        sealer.open(replace(place, **elsewhere), sealed)
    assert not sealer.opens(replace(place, **elsewhere), sealed.wrapped)


def test_a_key_of_one_secret_does_not_open_another(sealer, place):
    one, two = sealer.seal(place, "one"), sealer.seal(place, "two")
    with pytest.raises(Locked):
        sealer.open(place, Sealed(one.wrapped, two.sealed))


def test_each_altered_character_is_noticed(sealer, place):
    sealed = sealer.seal(place, "v")
    for which, text in sealed._asdict().items():
        for at, letter in enumerate(text):
            altered = text[:at] + ("A" if letter != "A" else "B") + text[at + 1 :]
            if _same_bytes(text, altered, at):
                continue
            with pytest.raises(Locked):
                sealer.open(place, sealed._replace(**{which: altered}))


def _same_bytes(text, altered, at):
    """The last letter of a base64 text may have bits that mean nothing."""
    start = text.rindex(".") + 1
    return at >= start and base64.b64decode(text[start:]) == base64.b64decode(altered[start:])


@pytest.mark.parametrize("text", ["", ".", "1.", "1.x", "2.AAAA", "1." + "0" * 16 + ".", "ä" * 40])
def test_other_texts_are_locked(sealer, place, text):
    sealed = sealer.seal(place, "v")
    for wrong in (sealed._replace(wrapped=text), sealed._replace(sealed=text)):
        with pytest.raises(Locked):
            sealer.open(place, wrong)


def test_an_older_master_key_opens_and_a_newer_one_seals(sealer, place):
    sealed = sealer.seal(place, "v")
    newer = Sealer("us_acc_1", [NEW, OLD])
    assert newer.open(place, sealed) == "v"
    again = Sealed(newer.rewrap(place, sealed.wrapped), sealed.sealed)
    assert again.wrapped.startswith(newer.prefix)
    assert Sealer("us_acc_1", [NEW]).open(place, again) == "v"
    with pytest.raises(Locked):
        sealer.open(place, again)
    assert newer.knows(sealer.prefix)
    assert not sealer.knows(newer.prefix)


def test_marks_need_the_master_key(sealer):
    assert sealer.mark(b"body") == sealer.mark(b"body") != sealer.mark(b"other")
    assert Sealer("us_acc_1", [NEW]).mark(b"body") != sealer.mark(b"body")


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("ab" * 32, b"\xab" * 32),
        ("AB" * 32 + "\n", b"\xab" * 32),
        (base64.b64encode(b"\xfb" * 32).decode(), b"\xfb" * 32),
        (base64.b64encode(b"\xfb" * 32).decode().rstrip("="), b"\xfb" * 32),
        (base64.urlsafe_b64encode(b"\xfb" * 32).decode(), b"\xfb" * 32),
    ],
)
def test_master_keys_are_read_in_hex_and_base64(text, key):
    assert parse_master_key(text) == MasterKey(key)


@pytest.mark.parametrize(
    "text", ["", "x", "ab" * 31, "ab" * 33, "zz" * 32, "ä" * 32, base64.b64encode(b"x" * 31).decode()]
)
def test_other_texts_are_no_master_keys_and_are_not_repeated(text):
    with pytest.raises(ValueError, match="32 bytes") as caught:
        parse_master_key(text)
    assert text == "" or len(text) < 3 or text not in str(caught.value)


def test_keys_are_random_and_shown_nowhere(sealer, place):
    assert new_master_key() != new_master_key()
    assert "11" * 8 not in repr(OLD) + repr(sealer) + repr(OLD.id)
    assert OLD.id != NEW.id
    assert parse_master_key("11" * 32).id == OLD.id
