"""Server-sent events are what the server words."""

import json

from server.describe.messages import SENT, Ticks
from server.engine.wording import MESSAGES


def test_each_kind_of_message_is_described():
    ends = {"from": "e:1", "head": "e:2", "oldest": "e:0"}
    refused = {"code": "cursor_too_old", "message": "Gone."}
    text = (
        MESSAGES.begun("sse", None, ends)
        + MESSAGES.moved("sse", "e:1", "e:2")
        + MESSAGES.ticks("sse", [{"id": "us_jb_1", "job": "a:b", "progress": 5}])
        + MESSAGES.refused("sse", refused)
    )
    names = set()
    for block in text.strip().split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.split("\n"))
        names.add(fields["event"])
        SENT[fields["event"]][0].model_validate(json.loads(fields["data"]))
    assert names | {"message"} == set(SENT)


def test_ticks_are_of_jobs():
    assert Ticks.model_validate({"jobs": [{"id": "us_jb_1", "job": "a:b"}]}).jobs[0].progress is None
