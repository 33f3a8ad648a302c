"""Handlers whose modules are imported by their first call."""

import subprocess
import sys
from importlib import import_module

from server.web.handlers import Handlers
from server.web.routes import ROUTES


def test_the_table_names_handlers_that_there_are():
    for route in ROUTES:
        handler = getattr(import_module(route.handler.__module__), route.handler.__name__)
        assert callable(handler), (route.method, route.path)


async def test_a_call_is_answered_by_the_modules_own_function(monkeypatch):
    from server.web import audit

    async def answer(call):
        return ("answered", call)

    monkeypatch.setattr(audit, "index", answer)
    assert await Handlers("audit").index("a call") == ("answered", "a call")


def test_the_module_is_imported_by_the_first_call():
    code = """
import asyncio, sys
from server.web.handlers import Handlers
index = Handlers("audit").index
assert "server.web.audit" not in sys.modules
try:
    asyncio.run(index(None))
except AttributeError:
    pass
assert "server.web.audit" in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
