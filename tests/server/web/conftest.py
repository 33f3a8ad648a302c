"""What makes the tests of the routes quick."""

from collections.abc import Iterator

import pytest

from server.security import passwords


@pytest.fixture(scope="module", autouse=True)
def _cheap_passwords() -> Iterator[None]:
    """How hard hashes are is tested where they are made; here a hundred people log in."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "COST", (1, 64))
        passwords._hasher.cache_clear()
        yield
    passwords._hasher.cache_clear()
