"""The markers: ``must_run``, whose skip is a failure in continuous integration, and ``javascript``; and the end of what tests have started."""

import gc
import os
import sys

import pytest
import structlog
from hypothesis import settings

pytest_plugins = ["pytester", "quick"]

MARKERS = (
    "must_run: a skip of this test fails when the environment has CI=true",
    "javascript: runs in Chromium or Node, which takes minutes",
)
JAVASCRIPT = (
    "tests/browser/",
    "tests/compat/test_flatfile_node",
    "tests/console/",
    "tests/examples/test_browser",
    "tests/examples/test_flatfile_node",
    "tests/scenarios/test_browser",
)
"""Where the tests of that marker are."""


def pytest_configure(config):
    for marker in MARKERS:
        config.addinivalue_line("markers", marker)
    # An example that takes long says only that the machine is busy.
    settings.register_profile("untimed", settings.default, deadline=None)
    settings.load_profile("untimed")
    # Tracebacks in colors, with all variables of each frame, take rich seconds, and nobody sees them.
    *others, _ = structlog.get_config()["processors"]
    plain = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(processors=[*others, plain])


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    for item in items:
        if item.nodeid.startswith(JAVASCRIPT):
            item.add_marker(pytest.mark.javascript)


def pytest_collection_finish():
    """What was collected stays to the end: the collector need not go through thousands of tests again and again."""
    gc.collect()
    gc.freeze()


def pytest_sessionfinish():
    """Once a worker has said that it is done it is cut off within seconds, which leaves a large store's files behind."""
    for name in ("forks", "postgres"):
        if name in sys.modules:
            sys.modules[name].stop()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item):
    report = yield
    if not hasattr(report, "wasxfail") and item.get_closest_marker("must_run"):
        fail_if_skipped(report, item)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector):
    """A module that skips itself takes its tests along before they have markers: its text is asked instead."""
    report = yield
    if isinstance(collector, pytest.Module) and "must_run" in collector.path.read_text(encoding="utf-8"):
        fail_if_skipped(report, collector)
    return report


def fail_if_skipped(report, node):
    if report.skipped and os.environ.get("CI", "").lower() in {"1", "true"}:
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"{node.nodeid} must run, but was skipped: {reason}"
