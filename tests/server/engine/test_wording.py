"""The two ways in which a subscription speaks."""

import json

import pytest

from server.engine.log import Log
from server.engine.wording import FRAMES, MESSAGES
from server.store.log import Head, Stored

ENDS = {"from": "e:3", "head": "e:9", "oldest": "e:0"}


@pytest.fixture
def part():
    log = Log(Head("e", 0, 1))
    body = '{"topic":"invoice:paid","domain":"invoice","context":{},"payload":{"n":%d}}'
    return log.take([Stored(seq, 1, "invoice:paid", None, 0, body % seq) for seq in (1, 2)])


def test_frames_are_json(part):
    assert json.loads(FRAMES.begun("s", 4, ENDS)) == {"type": "subscribed", "sub": "s", "id": 4, **ENDS}
    assert json.loads(FRAMES.begun("s", None, ENDS)) == {"type": "subscribed", "sub": "s", **ENDS}
    told = json.loads(FRAMES.events('s"', "e:0", FRAMES.body("e", part)))
    assert (told["type"], told["sub"], told["prev"]) == ("events", 's"', "e:0")
    assert [event["payload"] for event in told["events"]] == [{"n": 1}, {"n": 2}]
    moved = {"type": "position", "sub": "s", "prev": "e:2", "position": "e:5"}
    assert json.loads(FRAMES.moved("s", "e:2", "e:5")) == moved
    assert json.loads(FRAMES.ticks("s", [{"percent": 5}])) == {"type": "progress", "sub": "s", "jobs": [{"percent": 5}]}  # fmt: skip
    refused = {"type": "error", "sub": "s", "code": "cursor_too_old"}
    assert json.loads(FRAMES.refused("s", {"code": "cursor_too_old"})) == refused


def test_messages_carry_the_position_as_their_id(part):
    first, second, rest = MESSAGES.events("", "e:0", MESSAGES.body("e", part)).split("\n\n")
    assert rest == ""
    for number, message in enumerate((first, second), 1):
        id_, data = message.split("\n")
        assert id_ == f"id: e:{number}"
        assert json.loads(data.removeprefix("data: "))["position"] == f"e:{number}"
    assert MESSAGES.moved("", "e:2", "e:5") == (
        'event: position\nid: e:5\ndata: {"prev":"e:2","position":"e:5"}\n\n'
    )


def test_the_first_message_says_where_to_resume():
    assert MESSAGES.begun("", None, ENDS) == (
        'retry: 1000\nevent: position\nid: e:3\ndata: {"position":"e:3","head":"e:9","oldest":"e:0"}\n\n'
    )


def test_what_has_no_place_in_the_log_moves_no_cursor():
    assert MESSAGES.ticks("", [{"percent": 5}]) == 'event: progress\ndata: {"jobs":[{"percent":5}]}\n\n'
    assert MESSAGES.refused("", {"code": "x"}) == 'event: refused\ndata: {"code":"x"}\n\n'
