"""``tickwire listeners``."""

import json


def test_they_are_listed_with_what_they_take_and_hold(api, tickwire):
    assert tickwire("listeners").stdout.startswith("Nobody takes jobs. Start a listener")
    names = [{"job": f"a:{n}", "online": True} for n in range(5)]
    api.listeners.put(jobs=names, jobCount=1_205, inFlight=4)
    api.listeners.put(host=None, client=None, lastHeardAt=None, state="away")
    header, first, second = tickwire("listeners").stdout.splitlines()
    assert header.split() == ["ID", "HOST", "CLIENT", "STATE", "TAKES", "JOBS", "SINCE", "HEARD", "SERVER"]
    assert "a:0, a:1, a:2 and 1,202 more" in first
    assert "4 of 10" in first
    assert "away" in second
    listed = json.loads(tickwire("listeners", "list", "--json").stdout)
    assert listed[0]["jobCount"] == 1_205


def test_one_is_drained_and_resumed(api, tickwire):
    one = api.listeners.put(inFlight=2)
    drained = tickwire("listeners", "drain", one["id"])
    assert drained.stdout == f"{one['id']} gets no new jobs; 2 of its jobs go on.\n"
    assert one["state"] == "draining"
    assert tickwire("listeners", "resume", one["id"]).stdout == f"{one['id']} gets jobs again.\n"
    one["inFlight"] = 0
    assert tickwire("listeners", "drain", one["id"]).stdout.endswith("; it has none.\n")
    assert json.loads(tickwire("listeners", "drain", one["id"], "--json").stdout)["state"] == "draining"
    assert json.loads(tickwire("listeners", "resume", one["id"], "--json").stdout)["state"] == "connected"


def test_one_that_is_not_there_is_told(api, tickwire):
    refused = tickwire("listeners", "drain", "us_lsn_0000000009")
    assert refused.exit_code != 0
    assert "There is no such listener." in refused.stderr
