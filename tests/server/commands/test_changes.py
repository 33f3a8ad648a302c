"""Changes: what is told in the log, and what is kept in the audit."""

import json
from dataclasses import replace

from stage import ADMIN, START_MS, STRANGER

from server.commands.changes import note, tell
from server.store import audit
from server.store.command import Command

SEEN = replace(ADMIN, address="10.0.0.7")


async def lines(stage, space_id=1):
    return await stage.node.read(lambda reader: audit.page(reader, space_id, 10**9, 10))


async def test_a_change_is_one_event_and_one_line(stage):
    stage.is_checked = False

    def run(tx, _):
        tell(
            tx,
            SEEN,
            "key:created",
            "us_key_9",
            {"name": "ci"},
            before={"a": 1},
            after={"a": 2},
            about={"keyId": "k"},
        )

    await stage.do(Command("change", run), None)
    (event,) = await stage.events("key:created")
    assert (event["payload"], event["context"]["actorId"], event["context"]["keyId"]) == (
        {"name": "ci"},
        ADMIN.key_id,
        "k",
    )
    assert "10.0.0.7" not in str(event)
    (line,) = await lines(stage)
    assert (line.at, line.actor, line.address) == (START_MS + 30_000, ADMIN.key_id, "10.0.0.7")
    assert (line.action, line.target) == ("key:created", "us_key_9")
    assert (json.loads(line.before), json.loads(line.after)) == ({"a": 1}, {"a": 2})


async def test_it_stands_in_the_space_where_it_happened(stage):
    await stage.do(Command("a", lambda tx, _: note(tx, SEEN, "a:b", "x", space=STRANGER.space)), None)
    assert await lines(stage) == []
    assert [line.before for line in await lines(stage, 2)] == [None]
