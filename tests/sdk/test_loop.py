"""The loop that a listener runs on."""

import asyncio
import sys

import pytest

from listener_sdk._loop import loop_factory, run


async def kind():
    return type(asyncio.get_running_loop()).__module__.partition(".")[0]


def test_it_is_uvloop_where_that_is_installed():
    pytest.importorskip("uvloop")
    assert run(kind()) == "uvloop"


def test_without_uvloop_it_is_asyncios_own(monkeypatch):
    monkeypatch.setitem(sys.modules, "uvloop", None)
    assert loop_factory() is None
    assert run(kind()) == "asyncio"


def test_errors_pass_through():
    async def fail():
        raise KeyError("x")

    with pytest.raises(KeyError):
        run(fail())
