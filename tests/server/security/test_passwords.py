"""Hashes of passwords: right ones, wrong ones, and how many are made at a time."""

import asyncio
import builtins
import threading

import pytest

from listener_sdk.protocol.codes import Refusal
from server.security import passwords
from server.security.passwords import AT_ONCE, MOST_WAITING, Passwords

PASSWORD = "correct horse battery"


async def test_the_right_password_has_its_hash_and_no_other():
    found = Passwords()
    stored = await found.make(PASSWORD)
    assert stored.startswith("$argon2id$v=19$m=32768,t=3,p=1$")
    assert PASSWORD not in stored
    assert stored != await found.make(PASSWORD)
    assert await found.matches(PASSWORD, stored)
    for wrong in ("", PASSWORD + " ", PASSWORD.upper(), stored):
        assert not await found.matches(wrong, stored)


@pytest.mark.parametrize("stored", ["", "x", "$argon2id$v=19$m=8,t=1,p=1$x$y", "\u00e4"])
async def test_what_is_no_hash_matches_nothing(stored):
    assert not await Passwords().matches(PASSWORD, stored)


async def test_where_there_is_no_hash_as_much_is_done(monkeypatch):
    done, real = [], passwords._verified

    def counted(stored, password):
        done.append(stored[:30])
        return real(stored, password)

    monkeypatch.setattr(passwords, "_verified", counted)
    found = Passwords()
    stored = await found.make(PASSWORD)
    assert not await found.matches(PASSWORD, None)
    assert await found.matches(PASSWORD, stored)
    assert done[0] == done[1] == stored[:30]


async def test_so_many_run_at_once_so_many_wait_and_no_more(monkeypatch):
    running, most, go = 0, 0, threading.Event()
    lock = threading.Lock()

    def slow(password):
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        go.wait(20)
        with lock:
            running -= 1
        return password

    monkeypatch.setattr(passwords, "_hashed", slow)
    found = Passwords()
    asked = [asyncio.create_task(found.make(str(n))) for n in range(MOST_WAITING)]
    await asyncio.sleep(0)
    with pytest.raises(Refusal) as refused:
        await found.make("one more")
    assert (refused.value.code, refused.value.details["retryAfterS"]) == ("rate_limited", 5)
    go.set()
    assert await asyncio.gather(*asked) == [str(n) for n in range(MOST_WAITING)]
    assert most <= AT_ONCE
    assert await found.make("again") == "again"


async def test_without_its_library_it_says_what_to_install(monkeypatch):
    real = builtins.__import__

    def without(name, *args, **how):
        if name == "argon2":
            raise ImportError("No module named 'argon2'")
        return real(name, *args, **how)

    passwords._hasher.cache_clear()
    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(Refusal) as refused:
        await Passwords().make(PASSWORD)
    assert refused.value.code == "unavailable"
    assert "tickwire[server]" in refused.value.message
