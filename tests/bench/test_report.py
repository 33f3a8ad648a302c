import pytest


@pytest.fixture
def text(module):
    return module("report").text


def test_a_figure_is_its_median_with_minimum_and_maximum(text, run):
    assert "500 (400–700)" in text(run)


def test_a_row_names_its_best_peer_and_the_ratio_to_it(text, run):
    """One that has no batches is no peer of batches, however fast it is."""
    assert "| life cycles/s, bulk of 100 | 500 (400–700) | 2.5 × | – | – | 200 pgqueuer |" in text(run)


def test_what_was_skipped_is_said_with_its_reason(text, run):
    assert "- jobs:rq: there is no redis" in text(run)


def test_a_trial_of_the_bench_marks_no_targets(text, run):
    assert "### Targets" in text(run)
    assert "### Targets" not in text(run | {"short": True})


def test_the_noise_of_the_machine_is_shown(text, run):
    run["runs"][0]["cal_ms"] = [80.0]
    assert "took 20 (20–80) ms" in text(run)


def test_runs_of_other_steps_make_one_report(text, run, module):
    hooks = {"kind": "hooks", "name": "tickwire (sqlite)", "step": "hooks:a", "round": 1, "events_s": 1_500}
    other = {**run, "command": "BENCH_ONLY=hooks* make bench", "took_s": 120, "runs": [hooks]}
    found = text(module("report").joined([run, other]))
    assert "`make bench`: 3 interleaved" in found
    assert (
        "`BENCH_ONLY=hooks* make bench`: 3 interleaved round(s), begun 20260101-000000, 2 minutes." in found
    )
    assert "500 (400–700)" in found
    assert "1,500" in found


def test_the_last_run_counts_where_it_has_measured_all_that_is_compared(module):
    def made(*steps, **about):
        lines = [{"step": step, "found": about["started"]} for step in steps]
        return {
            "machine": {},
            "versions": {},
            "command": "c",
            "rounds": 1,
            "took_s": 1,
            "runs": lines,
            **about,
        }

    joined = module("report").joined
    runs = [made("jobs:a", "jobs:b", "fan:a", started="1"), made("jobs:a", "jobs:b", "jobs:c", started="2")]
    found = {line["step"]: line["found"] for line in joined(runs)["runs"]}
    assert found == {"fan:a": "1", "jobs:a": "2", "jobs:b": "2", "jobs:c": "2"}
    with pytest.raises(ValueError, match="without jobs:b"):
        joined([runs[0], made("jobs:a", started="2")])


def test_runs_that_do_not_belong_together_make_none(run, module):
    joined = module("report").joined
    elsewhere = {**run, "runs": [], "machine": {**run["machine"], "cores": 64}}
    with pytest.raises(ValueError, match="different"):
        joined([run, elsewhere])
