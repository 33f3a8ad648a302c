"""Hooks in the store: found by their address, and their secrets in order. Every database is tried in tests/conformance."""

import pytest
from hooked import hook
from stage import opened

from server.store import hooks as sql
from server.store.pages import Window


@pytest.fixture
async def stage(tmp_path):
    async with opened(tmp_path) as made:
        yield made


async def test_an_address_finds_its_hook(stage):
    row = await hook(stage, door="abc")
    assert await stage.node.read(lambda reader: sql.by_door(reader, "abc")) == row
    assert await stage.node.read(lambda reader: sql.by_door(reader, "ABC")) is None
    assert await stage.node.read(lambda reader: sql.load(reader, 2, row.id)) is None
    assert await stage.node.read(lambda reader: sql.count(reader, 1)) == 1


async def test_a_page_has_one_more_than_it_shows(stage):
    rows = [await hook(stage) for _ in range(3)]
    found = await stage.node.read(lambda reader: sql.page(reader, 1, Window(1, after=rows[0].id)))
    assert found == rows[1:]
