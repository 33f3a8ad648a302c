"""The matrix of access: every role on every route and every frame, made of the tables of routes, frames and roles."""

import re

import pytest

from listener_sdk.protocol.frames import CLIENT_FRAMES
from server.core.roles import FRAMES, PERMISSIONS, ROLES, may
from server.web.routes import AUTH, ROUTES

GUARDED = [route for route in ROUTES if route.auth not in {"public", "stream"}]
SAMPLES = {
    "hello": {},
    "listen": {"credit": 0},
    "ack": {"job": "us_jb_0000000001", "fence": 1},
    "tick": {"job": "us_jb_0000000001", "fence": 1, "percent": 5},
    "renew": {"leases": []},
    "complete": {"job": "us_jb_0000000001", "fence": 1},
    "fail": {"job": "us_jb_0000000001", "fence": 1, "message": "x"},
    "release": {"leases": [{"job": "us_jb_0000000001", "fence": 1}]},
    "log": {"job": "us_jb_0000000001", "fence": 1, "lines": [{"message": "x"}]},
    "secrets": {"job": "us_jb_0000000001", "fence": 1, "names": ["x"]},
    "create": {"job": {"type": "a", "operation": "b"}},
    "publish": {"event": {"topic": "a:b"}},
    "subscribe": {"sub": "s", "topics": ["**"]},
    "acked": {"sub": "s", "position": "e:1"},
    "unsubscribe": {"sub": "s"},
}
"""One frame of each type: a new type without one fails here."""
ENDLESS = {"/v1/events/stream": "?after=nowhere"}
"""Answers that have no end, and what is asked in their place: it is refused, but not for want of a permission."""


async def key_of(server, role):
    return (await server.call("POST", "/v1/keys", {"name": role, "role": role})).data["key"]


def test_every_route_has_its_rule():
    for route in ROUTES:
        assert route.auth in PERMISSIONS or route.auth in AUTH, route


def test_every_frame_has_a_sample():
    assert set(SAMPLES) == {frame.model_fields["type"].default for frame in CLIENT_FRAMES}


@pytest.mark.parametrize("role", ROLES)
async def test_each_role_on_every_route(server, role):
    key = await key_of(server, role)
    for route in GUARDED:
        path = re.sub(r"\{\w+\}", "us_xx_0000000000", route.path) + ENDLESS.get(route.path, "")
        answer = await server.call(route.method, path, key=key, raw=b"{")
        refused = answer.status == 403
        assert refused is not may(role, route.permission), (role, route, answer.raw)
        if refused:
            assert answer.error["code"] == "forbidden"
            assert answer.error["permission"] == route.permission


@pytest.mark.parametrize("role", ROLES)
async def test_each_role_with_every_frame(server, role):
    key = await key_of(server, role)
    async with server.http.ws_connect(
        f"{server.url}/v1/stream", headers={"Authorization": f"Bearer {key}"}
    ) as socket:
        await socket.send_json({"type": "hello", "id": 0})
        for number, (kind, fields) in enumerate(SAMPLES.items(), 1):
            await socket.send_json(
                [
                    {"type": kind, "id": number, **fields},
                    {"type": "unsubscribe", "sub": "-", "id": 1000 + number},
                ]
            )
            told = []
            while not any(frame.get("id") == 1000 + number for frame in told):
                told += await socket.receive_json(timeout=10)
            refused = [frame for frame in told if frame.get("code") == "forbidden"]
            assert bool(refused) is not may(role, FRAMES[kind]), (role, kind, told)
