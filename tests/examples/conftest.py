"""The scripts of examples/ are found as `tickwire listen` finds them: their folder comes first. The story is played once for all tests."""

import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
sys.path.insert(0, str(EXAMPLES))


@pytest.fixture(
    scope="session",
    params=[
        pytest.param("sqlite", marks=pytest.mark.xdist_group("story-sqlite")),
        pytest.param("postgresql", marks=pytest.mark.xdist_group("story-postgresql")),
    ],
)
def played(request, tmp_path_factory):
    """The whole story, once on each database."""
    from played_story import played_story
    from postgres import postgres

    settings = {"database_url": postgres().store()} if request.param == "postgresql" else {}
    with played_story(tmp_path_factory.mktemp("story"), **settings) as found:
        yield found


@pytest.fixture
def told(played):
    return played.told
