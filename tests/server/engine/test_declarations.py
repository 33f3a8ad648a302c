"""Job types in the frame ``listen``: what a session may declare."""

from dataclasses import replace

import pytest
from stage import OTHER

from server.core.reach import Reach
from server.store import job_types as sql


async def listen(stage, types, *names, actor=OTHER):
    listener = stage.connect(actor)
    await listener.hello()
    jobs = [{"job": name} for name in names or ("**",)]
    return await listener.ask(type="listen", credit=1, jobs=jobs, types=types)


async def codes(stage):
    return [one.code for one in await stage.node.read(lambda reader: sql.heads(reader, 1))]


async def test_a_session_declares_what_it_takes(stage):
    types = [{"name": "a:b", "label": "B"}, {"name": "a:b", "code": "again"}, {"name": "c:d"}]
    assert await listen(stage, types, "a:*", "c:d") is None
    assert await codes(stage) == ["a:b", "again", "c:d"]


@pytest.mark.parametrize(
    ("types", "code", "key", "told"),
    [
        ([{"name": "a:b"}, {"name": "x:y"}], "invalid", "types[1].name", "does not take x:y"),
        ([{"name": "a:b"}, {"name": "a:c", "code": "a:b"}], "invalid", "types[1].code", "stands twice"),
        ([{"name": "system:noop"}], "forbidden", "types[0].name", "domain 'system'"),
        ([{"name": "a:b", "code": "noop"}], "invalid", "types[0].code", "built in"),
        ([{"name": "a:b", "inputSchema": {"pattern": "(?=x)"}}], "invalid", "inputSchema.pattern", "ahead"),
    ],
)
async def test_what_cannot_be_declared_is_refused_whole(stage, types, code, key, told):
    refused = await listen(stage, types, "a:*", "c:d")
    assert (refused["code"], refused["key"]) == (code, key)
    assert told in refused["message"]
    assert await codes(stage) == []
    assert stage.node.dispatch.takers == {}


async def test_a_restricted_key_declares_what_it_may_take(stage):
    narrow = replace(OTHER, reach=Reach(jobs=("import:*",)))
    assert await listen(stage, [{"name": "import:csv"}], "import:*", actor=narrow) is None
    refused = await listen(stage, [{"name": "export:csv"}], "export:*", actor=narrow)
    assert refused["code"] == "forbidden"
    squats = [{"name": "import:csv", "code": "export:csv"}]
    refused = await listen(stage, squats, "import:*", actor=narrow)
    assert (refused["code"], refused["key"]) == ("forbidden", "types[0].code")
    for code in ("csv", "import:other"):
        types = [{"name": "import:csv", "code": code}]
        assert await listen(stage, types, "import:*", actor=narrow) is None


async def test_a_type_is_not_larger_than_its_bound(stage):
    options = [{"value": number, "description": "x" * 600} for number in range(500)]
    form = {"fields": [{"key": "a", "type": "enum", "config": {"options": options}}]}
    refused = await listen(stage, [{"name": "a:b", "inputForm": form, "inputSchema": {"type": "object"}}])
    assert (refused["code"], "256 KiB" in refused["message"]) == ("too_large", True)
