"""Tests mirror the source: each module has its test file in its place, and each test file its module."""

from pathlib import PurePosixPath as Path

import pytest

PLACES = {
    "listener_sdk/protocol": "tests/protocol",
    "listener_sdk/cli": "tests/cli",
    "listener_sdk": "tests/sdk",
    "server": "tests/server",
}
"""Where the tests of a folder stand; the longest folder that fits is taken."""

EXEMPT = {"__init__", "__main__", "_version"}


def test_file(module):
    """``server/store/_jobs.py`` is tested by ``tests/server/store/test_jobs.py``."""
    place = next(place for place in PLACES if module.is_relative_to(place))
    name = module.stem.strip("_") if module.stem in EXEMPT else module.stem.lstrip("_")
    return Path(PLACES[place]) / module.relative_to(place).with_name(f"test_{name}.py")


test_file.__test__ = False


@pytest.fixture(scope="module")
def modules(python_files):
    names = [Path(name.as_posix()) for name, _ in python_files]
    return [name for name in names if name.parts[0] in {"listener_sdk", "server"}]


@pytest.fixture(scope="module")
def tests(python_files):
    names = [Path(name.as_posix()) for name, _ in python_files]
    return [
        name
        for name in names
        if name.stem.startswith("test_") and any(name.is_relative_to(place) for place in PLACES.values())
    ]


def test_every_module_has_its_test_file(modules, tests):
    wanted = {module: test_file(module) for module in modules if module.stem not in EXEMPT}
    missing = [f"{module} wants {test}" for module, test in wanted.items() if test not in tests]
    assert missing == [], "\n".join(missing)


def test_every_test_file_has_its_module(modules, tests):
    """A package's own file may be tested too, as ``test_init.py`` or under the name of its folder."""
    packages = {module.parent for module in modules if module.stem == "__init__"}
    known = {test_file(module) for module in modules} | {test_file(one / one.name) for one in packages}
    lost = [str(test) for test in tests if not belongs(test, known)]
    assert lost == [], "\n".join(lost)


def belongs(test, known):
    """Whether a test file is a module's own, or stands beside it for one aspect: ``test_worker_stops.py``."""
    words = test.stem.split("_")
    stems = ("_".join(words[:count]) for count in range(len(words), 1, -1))
    return any(test.with_name(f"{stem}.py") in known for stem in stems)


@pytest.mark.parametrize(
    ("test", "expected"),
    [
        ("tests/sdk/test_worker.py", True),
        ("tests/sdk/test_worker_stops.py", True),
        ("tests/sdk/test_workers.py", False),
        ("tests/cli/test_worker_stops.py", False),
    ],
)
def test_an_aspect_belongs_to_its_module(test, expected):
    assert belongs(Path(test), {Path("tests/sdk/test_worker.py")}) is expected


@pytest.mark.parametrize(
    ("module", "expected"),
    [
        ("server/app.py", "tests/server/test_app.py"),
        ("server/store/jobs.py", "tests/server/store/test_jobs.py"),
        ("server/__main__.py", "tests/server/test_main.py"),
        ("listener_sdk/_session.py", "tests/sdk/test_session.py"),
        ("listener_sdk/next_.py", "tests/sdk/test_next_.py"),
        ("listener_sdk/protocol/jobs.py", "tests/protocol/test_jobs.py"),
        ("listener_sdk/cli/_child.py", "tests/cli/test_child.py"),
    ],
)
def test_the_place_of_a_test(module, expected):
    assert str(test_file(Path(module))) == expected
