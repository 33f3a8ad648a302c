"""The marker ``must_run``: in continuous integration, a skip of such a test is a failure; and the end of what tests have started."""

import os
import sys

import pytest
import structlog

pytest_plugins = ["pytester", "quick"]

MARKER = "must_run: a skip of this test fails when the environment has CI=true"


def pytest_configure(config):
    config.addinivalue_line("markers", MARKER)
    # Tracebacks in colors, with all variables of each frame, take rich seconds, and nobody sees them.
    *others, _ = structlog.get_config()["processors"]
    plain = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(processors=[*others, plain])


def pytest_sessionfinish():
    """Once a worker has said that it is done it is cut off within seconds, which leaves a large store's files behind."""
    support = sys.modules.get("postgres")
    if support is not None:
        support.stop()


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
