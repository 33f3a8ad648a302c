"""Looks that must not end their loop."""

import asyncio

import pytest
import structlog
from structlog.testing import capture_logs

from server.engine.calm import calmly
from server.store.database import StoreError

LOG = structlog.get_logger("test")


async def told(error):
    async def look():
        if error is not None:
            raise error

    with capture_logs() as lines:
        went_well = await calmly(look, "looking_failed", LOG)
    return went_well, [(line["event"], line["log_level"]) for line in lines]


async def test_what_goes_well_says_nothing():
    assert await told(None) == (True, [])


async def test_a_store_out_of_reach_is_a_warning():
    assert await told(StoreError("away")) == (False, [("store_unreachable", "warning")])


async def test_a_fault_is_an_error_of_its_own_name():
    assert await told(RuntimeError("a fault")) == (False, [("looking_failed", "error")])


async def test_a_cancel_goes_through():
    with pytest.raises(asyncio.CancelledError):
        await told(asyncio.CancelledError())
