"""One server, listener and browser for each module; a new person for each test."""

import pytest
from console import Visit, browser, home


@pytest.fixture(scope="module")
def settings():
    """Of the server; a module may have its own."""
    return {}


@pytest.fixture(scope="module")
def home_(tmp_path_factory, settings):
    with home(tmp_path_factory.mktemp("home"), **settings) as found:
        yield found


@pytest.fixture(scope="module")
def chromium_():
    with browser() as found:
        yield found


@pytest.fixture
def visit(chromium_, home_):
    """Makes visits: ``visit(color_scheme="dark")``. At the end no script has failed, and nothing was refused by the policy."""
    made = []

    def begin(**how):
        made.append(Visit(chromium_, home_, **how))
        return made[-1]

    yield begin
    for one in made:
        one.context.close()
    assert [fault for one in made for fault in one.faults if not one.expects(fault)] == []
