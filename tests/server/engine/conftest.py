"""A node without network for every test."""

import pytest
from stage import opened


@pytest.fixture
async def stage(tmp_path):
    async with opened(tmp_path) as found:
        yield found
