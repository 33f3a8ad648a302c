"""What makes the suite quick, whatever is in it: a plugin of pytest."""

import gc
import os
import sys
import zlib

import pytest

ALONE = ("tests/conformance/", "tests/examples/", "tests/readme/", "tests/scenarios/")
"""Where a test may take seconds, so that each goes to the next worker that is free."""
EARLY = 0.85
"""In which part of the run these begin."""


def pytest_configure(config):
    # All workers, and all processes that tests start, would compile anew what they import.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False


@pytest.hookimpl(wrapper=True)
def pytest_collection():
    """What is collected stays until the end: to search it for garbage is a third of the collection."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config, items):
    """Tests that wait for processes and tests that compute are mixed, so that all cores are busy; what may take long begins before the end."""
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: _place(_scope(item.nodeid)))


def _scope(nodeid):
    return nodeid if nodeid.startswith(ALONE) else nodeid.partition("::")[0]


def _place(scope):
    drawn = zlib.crc32(scope.encode()) / 2**32
    return drawn * EARLY if scope.startswith(ALONE) else drawn


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Workers get the tests of a module together where they are short: one by one, dealing them out takes longer than they do."""
    if config.getvalue("dist") != "loadgroup":
        return None
    from xdist.scheduler import LoadGroupScheduling

    class ByModule(LoadGroupScheduling):
        def _split_scope(self, nodeid):
            scope = super()._split_scope(nodeid)
            return scope if scope != nodeid else _scope(nodeid)

    config.option.loadscopereorder = False
    return ByModule(config, log)
