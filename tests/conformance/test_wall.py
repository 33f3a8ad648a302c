"""Whose is what a call names: the same in every database."""

from dataclasses import astuple, replace

import pytest

from listener_sdk.protocol.definitions import DefinitionCreate
from listener_sdk.protocol.endpoints import EndpointCreate
from listener_sdk.protocol.ids import encode
from listener_sdk.protocol.schedules import ScheduleCreate
from server.core.actions import ActionRow
from server.core.actors import Space
from server.core.definitions import new_definition
from server.core.endpoint_deliveries import DeliveryRow
from server.core.endpoints import new_endpoint
from server.core.files import FileRow
from server.core.hooks import HookRow
from server.core.jobs import COLUMNS
from server.core.keys import KeyRow
from server.core.listeners import ListenerRow
from server.core.members import MemberRow
from server.core.notifications import NotificationRow
from server.core.schedules import new_schedule
from server.core.secrets import SecretRow
from server.store import (
    actions,
    definitions,
    endpoint_deliveries,
    endpoints,
    files,
    hook_deliveries,
    hooks,
    keys,
    listeners,
    log,
    members,
    notifications,
    schedules,
    secrets,
    spaces,
    wall,
)


def insert_member(connection, number):
    given = {
        "id": number,
        "space_id": number,
        "name": "a",
        "role": "viewer",
        "active": 1,
        "created_at": 5,
        "created_by": "k",
        "updated_at": 5,
    }
    row = MemberRow(**{name: given.get(name) for name in members.COLUMNS})
    connection.insert_many("member", members.COLUMNS, [astuple(row)])


@pytest.fixture
def tx(connection, job):
    """Of each kind one thing of each of three spaces, the last of which is being removed: 1, 2 and 3."""
    connection.begin()
    spaces.insert(connection, Space(3, "gone", "Gone", deleted_at=5))
    for n in (1, 2, 3):
        connection.insert_many("job", COLUMNS, [astuple(replace(job, id=n, space_id=n))])
        connection.insert_many("event", log.COLUMNS, [(n, n, "a:b", None, 0, 5, "{}")])
        files.insert(connection, FileRow(n, n, None, "a", 1, "text/csv", 5, "k", "b"))
        row = SecretRow(n, n, "a", "", None, None, "w", "s", 1, 1, 5, "k", 5, "k")
        secrets.insert(connection, row)
        insert_member(connection, n)
        body = DefinitionCreate(job_definition_code="a", job_type="b")
        definitions.insert(connection, new_definition(n, n, body, 5, "k", enabled=True))
        actions.insert(connection, [ActionRow(n, n, "a", "b", "t", "{}", 5, "k", 5, "k")])
        made = new_schedule(n, ScheduleCreate(cron="0 9 * * *"), 5, "k", zone="UTC", definition_id=n)
        schedules.insert(connection, replace(made, id=n))
        notifications.insert(connection, [NotificationRow(n, n, n, 5, None, "{}")])
        endpoint = new_endpoint(n, EndpointCreate(url="https://a.example", topics=["**"]), 5, "k")
        endpoints.insert(connection, replace(endpoint, id=n))
        message = DeliveryRow(n, n, n, n, "a:b", "pending", 0, 0, 5, 0, 5, None, "{}")
        endpoint_deliveries.insert(connection, [message])
        hooks.insert(connection, HookRow(n, n, f"d{n}", "a", 1, 1, "{}", 5, "k", 5, "k"))
        came = hook_deliveries.DeliveryRow(n, n, n, 5, "ignored", None, None, 0, "{}", "", None)
        connection.insert_many("hook_delivery", hook_deliveries.COLUMNS, [astuple(came)])
        keys.insert(connection, KeyRow(encode("key", n), n, "a", "admin", "h", 5, None))
        listeners.note(connection, ListenerRow(n, n, f"k/{n}", "k", None, None, "s", "[]", 0, 1, 5))
    yield connection
    connection.rollback()


@pytest.mark.parametrize("kind", wall.KINDS)
def test_what_is_another_space_s_is_told_from_what_is_ones_own_or_nowhere(tx, kind):
    names = [encode(kind, n) for n in (1, 2, 3, 4)]
    assert wall.elsewhere(tx, 1, names) == [(names[1], 2)]
    assert wall.elsewhere(tx, 2, names) == [(names[0], 1)]
    assert wall.elsewhere(tx, 1, [names[1]] * 3) == [(names[1], 2)]


def test_spaces_are_named_by_their_ids(tx):
    names = [
        "us_sp_default",
        "us_sp_elsewhere",
        "us_sp_gone",
        "us_sp_nowhere",
        "elsewhere",
        "us_xx_elsewhere",
        "",
    ]
    assert wall.elsewhere(tx, 1, names) == [("us_sp_elsewhere", 2)]
    assert wall.elsewhere(tx, 1, ["us_env_elsewhere"]) == [("us_env_elsewhere", 2)]
    both = ["us_sp_elsewhere", "us_env_elsewhere"]
    assert wall.elsewhere(tx, 1, both) == [(name, 2) for name in both]
    assert wall.elsewhere(tx, 2, names) == [("us_sp_default", 1)]


def test_many_names_are_looked_up_at_once(tx):
    names = [encode("jb", n) for n in range(1_000)]
    assert wall.elsewhere(tx, 1, names) == [(encode("jb", 2), 2)]
