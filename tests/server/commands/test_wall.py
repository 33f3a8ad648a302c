"""Attempts at the wall, as the audits of both spaces tell them."""

import json
from dataclasses import replace

import pytest
from stage import ADMIN, STRANGER

from server.commands.spaces import DELETE_SPACE, DeleteSpace
from server.commands.wall import NOTE_ATTEMPT
from server.core.wall import Attempt
from server.store import audit

SEEN = replace(STRANGER, address="10.0.0.7")
HOW = {"route": "GET /v1/jobs/{id}"}


async def lines(stage, space_id):
    found = await stage.node.read(lambda reader: audit.page(reader, space_id, 10**9, 10))
    return [(line.actor, line.address, line.action, line.target, json.loads(line.after)) for line in found]


async def test_who_has_tried_stands_in_the_own_space_alone(stage):
    await stage.do(NOTE_ATTEMPT, Attempt(SEEN, "access:refused", "us_jb_1", HOW, 1))
    assert await lines(stage, 2) == [(STRANGER.key_id, "10.0.0.7", "access:refused", "us_jb_1", HOW)]
    assert await lines(stage, 1) == [("outsider", None, "access:refused", "us_jb_1", HOW)]
    assert await stage.events() == []


@pytest.mark.parametrize("other", [None, 77])
async def test_what_is_no_space_s_stands_in_the_own_alone(stage, other):
    await stage.do(NOTE_ATTEMPT, Attempt(SEEN, "access:forbidden", "us_jb_1", HOW, other))
    assert len(await lines(stage, 2)) == 1
    assert await lines(stage, 1) == []


async def test_a_space_that_is_being_removed_gets_no_lines(stage):
    await stage.do(DELETE_SPACE, DeleteSpace(ADMIN, 2))
    await stage.do(NOTE_ATTEMPT, Attempt(ADMIN, "access:refused", "us_jb_1", HOW, 2))
    assert await stage.rows("SELECT action FROM audit WHERE space_id = 2") == [("space:deleted",)]
