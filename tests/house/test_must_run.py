"""The marker ``must_run`` itself."""

from pathlib import Path

import pytest

HOOK = Path(__file__).parents[1] / "conftest.py"

SKIPS = {
    "in the body": "@pytest.mark.must_run\ndef test_it():\n    pytest.skip('no database')",
    "by a mark": "@pytest.mark.must_run\n@pytest.mark.skip(reason='no database')\ndef test_it():\n    assert True",
    "by a condition": "@pytest.mark.must_run\n@pytest.mark.skipif(True, reason='no database')\ndef test_it():\n    assert True",
    "in a fixture": (
        "@pytest.fixture\ndef database():\n    pytest.skip('no database')\n\n"
        "@pytest.mark.must_run\ndef test_it(database):\n    assert True"
    ),
    "by the module's mark": "pytestmark = pytest.mark.must_run\n\ndef test_it():\n    pytest.skip('no database')",
    "as a module": "pytestmark = pytest.mark.must_run\npytest.skip('no database', allow_module_level=True)",
    "by a missing import": "pytestmark = pytest.mark.must_run\npytest.importorskip('no_database', reason='no database')",
}


@pytest.fixture
def run(pytester, monkeypatch):
    pytester.makeconftest(HOOK.read_text(encoding="utf-8"))

    def run(test, ci):
        monkeypatch.setenv("CI", ci)
        monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
        pytester.makepyfile(f"import pytest\n\n{test}\n")
        return pytester.runpytest_inprocess("-p", "no:cacheprovider", "--strict-markers", "-rA")

    return run


@pytest.mark.parametrize("test", SKIPS.values(), ids=SKIPS)
def test_a_skip_fails_in_continuous_integration(run, test):
    result = run(test, "true")
    assert result.ret != 0
    outcomes = result.parseoutcomes()
    assert outcomes.get("failed", 0) + outcomes.get("errors", 0) == 1
    assert "skipped" not in outcomes
    result.stdout.fnmatch_lines("*must run, but was skipped*no database*")


@pytest.mark.parametrize("test", SKIPS.values(), ids=SKIPS)
def test_a_skip_is_a_skip_elsewhere(run, test):
    assert run(test, "").parseoutcomes() == {"skipped": 1}


@pytest.mark.parametrize(
    ("test", "outcome"),
    [
        ("@pytest.mark.must_run\ndef test_it():\n    assert True", "passed"),
        ("@pytest.mark.must_run\ndef test_it():\n    assert False", "failed"),
        ("@pytest.mark.must_run\n@pytest.mark.xfail\ndef test_it():\n    assert False", "xfailed"),
        ("def test_it():\n    pytest.skip('may be skipped')", "skipped"),
        ("pytest.skip('may be skipped', allow_module_level=True)", "skipped"),
    ],
)
def test_everything_else_stays_as_it_is(run, test, outcome):
    assert run(test, "true").parseoutcomes() == {outcome: 1}
