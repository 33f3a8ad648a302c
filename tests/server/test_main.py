"""How the server's process begins, and what it says when it cannot."""

import gc
import subprocess
import sys

import pytest

from server import __main__ as entry
from server.store.database import StartError


@pytest.fixture
def ran(monkeypatch):
    """Settings that the server would have been run with."""
    seen = []
    monkeypatch.setattr(entry, "run", seen.append)
    return seen


def test_it_runs_with_the_settings_that_were_given(ran):
    assert entry.main(["--port", "0"]) == 0
    assert ran[0].port == 0


def test_a_wrong_setting_is_one_line_on_standard_error(ran, capsys):
    assert entry.main(["--port", "x"]) == entry.CANNOT_START
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith("error: --port 'x': ")
    assert shown.err.count("\n") == 1
    assert ran == []


def test_a_store_that_cannot_be_opened_is_one_line_on_standard_error(monkeypatch, capsys):
    def refuse(settings):
        raise StartError("The store is in use by process 7.")

    monkeypatch.setattr(entry, "run", refuse)
    assert entry.main([]) == entry.CANNOT_START
    assert capsys.readouterr().err == "error: The store is in use by process 7.\n"


def test_the_server_is_imported_without_what_only_a_terminal_needs():
    """In a process of its own: here all may be loaded already."""
    code = """
import sys
from server.__main__ import hidden
with hidden("rich"):
    import server.app
assert not {"rich", "pygments"} & set(sys.modules), "what structlog draws tracebacks with"
import rich
with hidden("rich"):
    pass
assert sys.modules["rich"] is rich
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_whom_calls_to_the_outside_trust_is_read_with_the_first_of_them():
    """In a process of its own, since aiohttp makes its contexts once."""
    code = """
import ssl
from server.__main__ import LateContext, authorities_later
with authorities_later():
    from aiohttp.connector import _SSL_CONTEXT_VERIFIED as found
assert type(found) is LateContext and not found.get_ca_certs()
wanted = ssl.create_default_context()
assert type(wanted) is ssl.SSLContext and wanted.cert_store_stats() == ssl.create_default_context().cert_store_stats()
for _ in range(2):
    found.wrap_bio(ssl.MemoryBIO(), ssl.MemoryBIO(), server_hostname="example.com")
    assert type(found) is ssl.SSLContext
    assert found.cert_store_stats() == wanted.cert_store_stats()
assert found.verify_mode is ssl.CERT_REQUIRED and found.check_hostname
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_what_the_server_is_made_of_is_never_searched_for_garbage():
    before = gc.get_freeze_count()
    try:
        with entry.unsearched():
            assert not gc.isenabled()
            made = [[] for _ in range(1000)]
        assert gc.isenabled()
        assert gc.get_freeze_count() >= before + len(made)
    finally:
        gc.unfreeze()
