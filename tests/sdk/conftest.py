from collections.abc import AsyncIterator

import pytest

from listener_sdk.client import Client
from tests.sdk.fake_server import KEY, FakeServer, serve


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TICKWIRE_URL", "TICKWIRE_API_KEY", "TICKWIRE_DATA_DIR"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
async def server() -> AsyncIterator[FakeServer]:
    fake = FakeServer()
    runner = await serve(fake)
    yield fake
    await runner.cleanup()


@pytest.fixture
async def client(server: FakeServer) -> AsyncIterator[Client]:
    async with Client(server.url, KEY) as made:
        yield made
