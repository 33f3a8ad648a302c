"""Modules that are imported when something of them is first asked for."""

import subprocess
import sys

import pytest

from server.core import later as module
from server.core import wall
from server.core.later import later


def test_what_is_asked_of_it_is_the_modules_own():
    assert later("server.core.wall", None).names_in is wall.names_in
    assert later("..core.wall", "server.engine").names_in is wall.names_in
    assert later(".wall", module.__package__).names_in is wall.names_in


def test_it_follows_what_is_put_into_the_module(monkeypatch):
    found = later("server.core.wall", None)
    monkeypatch.setattr(wall, "names_in", "another")
    assert found.names_in == "another"


def test_a_name_that_the_module_does_not_have_is_an_error():
    with pytest.raises(AttributeError, match="no_such_name"):
        later("server.core.wall", None).no_such_name  # noqa: B018 - asking is what is tested


def test_a_server_begins_without_what_nobody_has_asked_for():
    """In a process of its own: here all may be loaded already. What is named here takes megabytes together."""
    code = """
import sys
import server.app
unused = {
    "jmespath", "jsonschema_rs", "argon2", "psycopg", "server.core.templates", "server.core.actions", "server.commands.definitions",
    "server.commands.built_in", "server.commands.plans", "server.commands.triggers", "server.engine.runs", "server.outbound.requests",
    "server.web.definitions", "server.web.files", "server.web.members", "server.core.cron", "server.core.zones", "server.core.schedules",
    "server.commands.schedule_decisions", "server.store.schedules", "croniter",
    "server.engine.durables", "server.commands.subscriptions", "server.web.sse", "server.web.descriptions", "server.describe.calls",
}
assert not unused & set(sys.modules), sorted(unused & set(sys.modules))
import server.engine.declarations, server.commands.job_types
assert not unused & set(sys.modules), ("what a listener's types bring in", sorted(unused & set(sys.modules)))
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
