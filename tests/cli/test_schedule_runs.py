"""``tickwire schedules run``."""


def test_a_run_is_watched(api, tickwire):
    api.schedules.put()
    done = tickwire("schedules", "run", "us_sch_0000000001")
    assert done.exit_code == 0, done.output
    assert "a:b is complete" in done.output
    detached = tickwire("schedules", "run", "us_sch_0000000001", "--detach")
    assert detached.stdout.strip() in api.jobs
