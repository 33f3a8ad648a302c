import pytest


@pytest.fixture
def targets(module):
    return module("targets")


@pytest.fixture
def figures(module):
    return module("figures").Figures


@pytest.mark.parametrize(
    ("found", "mark"),
    [(None, "not measured"), (0.9, "**not met**"), (1, "met"), (1.9, "met"), (2, "reached")],
)
def test_a_ratio_is_marked_by_what_it_must_and_may_reach(targets, found, mark):
    assert targets.Target("lives", "SQLite", 1, 2, found).mark == mark


@pytest.mark.parametrize(("found", "mark"), [(9, "**not met**"), (8, "met"), (5, "met"), (4, "reached")])
def test_of_times_and_sizes_less_is_better(targets, found, mark):
    assert targets.Target("latency", "SQLite", 8, 4, found, " ms", targets.le).mark == mark


def test_ratios_are_taken_from_the_medians_of_one_run(targets, figures, run):
    bulk = targets.targets(figures(run["runs"]))[0]
    assert (bulk.found, bulk.mark) == (2.5, "met")


def test_what_nobody_has_measured_is_neither_met_nor_missed(targets, figures):
    assert {target.mark for target in targets.targets(figures([]))} == {"not measured"}


def test_slower_by_watchers_is_the_share_that_is_lost(targets, figures):
    watched = {"life_watched_by_0": [1000, 1000], "life_watched_by_10": [850, 950]}
    line = {"kind": "watched", "name": "tickwire (sqlite)", "step": "watched", "round": 1, **watched}
    slower = [one for one in targets.targets(figures([line])) if one.what.startswith("ten subscribers")]
    assert [one.found for one in slower] == [10.0, None]


def test_launches_are_compared_with_plain_jobs_and_with_launches_among_few(targets, figures):
    rates = {"life_plain": 1000, "life_of_type": 950, "life_of_definition": 900}
    bare = {"life_plain_unrecorded": 1000, "life_of_definition_unrecorded": 940}
    many = {"life_of_definition_among_many": 810, "few_rss_mib": 80, "many_rss_mib": 100}
    line = {
        "kind": "launched",
        "name": "tickwire (sqlite)",
        "step": "launched",
        "round": 1,
        **rates,
        **many,
        **bare,
    }
    found = [
        one
        for one in targets.targets(figures([line]))
        if any(word in one.what for word in ("job type", "definition", "look-up"))
    ]
    assert [one.found for one in found if one.store == "SQLite"] == [5.0, 10.0, 6.0, 10.0, 1.25]
    assert [one.mark for one in found if one.store == "SQLite"] == ["met", "met", "met", "met", "**not met**"]


def test_waiting_schedules_cost_what_they_add(targets, figures):
    rates = {"last_job_s": 4.2, "idle_cpu_percent": 1.75, "idle_cpu_percent_without": 0.5}
    line = {"kind": "schedules", "name": "tickwire (postgres)", "step": "schedules", "round": 1, **rates}
    found = [
        one
        for one in targets.targets(figures([line]))
        if "schedules" in one.what and one.store == "PostgreSQL"
    ]
    assert [(one.found, one.mark) for one in found] == [(4.2, "met"), (1.25, "**not met**")]


def test_calls_of_hooks_are_counted_a_second(targets, figures):
    rates = {"events_s": [1_400, 1_500, 1_600], "jobs_s": 900}
    line = {"kind": "hooks", "name": "tickwire (sqlite)", "step": "hooks", "round": 1, **rates}
    found = [one for one in targets.targets(figures([line])) if "hooks" in one.what]
    assert [(one.store, one.found) for one in found] == [
        ("SQLite", 1_500),
        ("SQLite", 900),
        ("PostgreSQL", None),
        ("PostgreSQL", None),
    ]
    assert [one.mark for one in found][:2] == ["met", "**not met**"]


def test_of_a_history_the_slowest_kind_of_page_counts(targets, figures):
    took = {"page_newest_p95_ms": 4.0, "page_middle_p95_ms": 60.0, "preview_p95_ms": 3.0}
    line = {"kind": "history", "name": "tickwire (sqlite)", "step": "history", "round": 1, **took}
    found = [one for one in targets.targets(figures([line])) if "p95" in one.what and one.store == "SQLite"]
    marks = {one.what.split(",")[0]: (one.found, one.mark) for one in found if one.found is not None}
    assert marks == {
        "a page of 50 out of a million runs": (60.0, "**not met**"),
        "a preview of 100 times": (3.0, "met"),
    }
