"""Conditions of lists for those that do not reach all; what they find stands in tests/conformance/test_reach.py."""

import pytest

from server.core.reach import Reach
from server.store import reach


@pytest.mark.parametrize("condition", [reach.of_jobs, reach.of_events])
def test_who_reaches_all_adds_no_condition(condition):
    params = {}
    assert condition(Reach(), params) == "1 = 1"
    assert params == {}


def test_values_go_as_parameters_alone():
    asked = Reach(("it's:*",), ("a:*",), 7, "it's")
    for condition in (reach.of_jobs, reach.of_files, reach.of_events):
        params = {}
        text = condition(asked, params)
        assert "it's" not in text
        assert params["reach_job"] == 7
        assert all(f":{name}" in text for name in params)
