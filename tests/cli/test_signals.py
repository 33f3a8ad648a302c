import asyncio
import os
import signal

import pytest

from listener_sdk.cli._signals import stop_signals


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_the_first_signal_asks_and_the_second_hurries(number):
    async with asyncio.timeout(30):
        with stop_signals() as stop:
            os.kill(os.getpid(), number)
            await stop.asked.wait()
            assert not stop.hurry.is_set()
            os.kill(os.getpid(), number)
            await stop.hurry.wait()


async def test_the_handlers_of_before_come_back():
    before = signal.getsignal(signal.SIGTERM)
    with stop_signals():
        assert signal.getsignal(signal.SIGTERM) is not before
    assert signal.getsignal(signal.SIGTERM) is before
