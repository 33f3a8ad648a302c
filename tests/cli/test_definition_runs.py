import json


def test_a_launch_is_watched_to_its_end(api, tickwire):
    tickwire("definitions", "create", "a", "--type", "b", "--enabled")
    done = tickwire(
        "definitions",
        "launch",
        "a",
        "-p",
        "limit=3",
        "--mode",
        "delta",
        "--tag",
        "acme",
        "--priority",
        "5",
        "--event",
        '{"id": "e"}',
    )
    assert done.exit_code == 0, done.output
    assert api.definitions.asked == [
        (
            "execute",
            {
                "params": {"limit": 3},
                "mode": "delta",
                "context": {"event": {"id": "e"}},
                "priority": 5,
                "tags": ["acme"],
            },
        )
    ]


def test_a_launch_may_be_left_alone(api, tickwire, tmp_path):
    tickwire("definitions", "create", "a", "--type", "b", "--enabled")
    (tmp_path / "in.csv").write_text("x")
    done = tickwire(
        "definitions",
        "launch",
        "a",
        "--detach",
        "--file",
        tmp_path / "in.csv",
        "--at",
        "2100-01-01T00:00:00Z",
    )
    assert done.stdout == "us_jb_0000000001\n"
    _, sent = api.definitions.asked[-1]
    assert (sent["fileId"], sent["scheduledAt"], api.uploads) == (
        "us_fl_1",
        "2100-01-01T00:00:00.000Z",
        [("in.csv", b"x")],
    )
    assert json.loads(tickwire("definitions", "launch", "a", "-d", "--json").stdout)["definition"] == "a"


def test_a_dry_run_shows_places_and_problems(api, tickwire):
    api.definitions.shown = {
        "params": None,
        "places": [{"path": "params.url", "expression": "event.u", "problem": "gives null here"}],
        "problems": [{"path": "params.url", "message": "gives null here"}],
    }
    shown = tickwire("definitions", "dry-run", "a", "--event", '{"u": 1}', "-p", "x=1")
    assert shown.exit_code == 1
    assert "params.url: gives null here" in shown.stdout
    assert api.definitions.asked == [("a", {"params": {"x": 1}, "context": {"event": {"u": 1}}})]
    assert tickwire("definitions", "dry-run", "a", "--json").exit_code == 1
    api.definitions.shown = {"params": {"x": 1}, "places": [], "problems": []}
    good = tickwire("definitions", "dry-run", "--type", "b", "--params", '{"x": 1}', "--hook", "{}")
    assert (good.exit_code, good.stdout) == (0, 'parameters: {"x": 1}\n')
    assert api.definitions.asked[-1] == ("", {"params": {"x": 1}, "jobType": "b", "context": {"hook": {}}})


def test_a_run_of_a_hook_or_schedule_is_tried_and_launched(api, tickwire):
    tickwire("definitions", "create", "a", "--type", "b", "--enabled")
    started = ["--hook", '{"body": 5}', "--due", "2026-01-31T09:00:00Z"]
    context = {"hook": {"body": 5}, "dueTime": "2026-01-31T09:00:00.000Z"}
    tickwire("definitions", "dry-run", "a", *started)
    assert api.definitions.asked[-1][1]["context"] == context
    tickwire("definitions", "launch", "a", *started)
    assert api.definitions.asked[-1][1]["context"] == context
    assert tickwire("definitions", "dry-run", "a", "--due", "nine").exit_code == 2


def test_a_dry_run_shows_null_where_an_expression_gives_it(api, tickwire):
    gives = [
        ("dueTime", {"kind": "null"}),
        ("secrets.a", {"kind": "a secret"}),
        ("event.a", {"problem": "gives null here"}),
    ]
    places = [{"path": "params.url", "expression": name, "value": None, **what} for name, what in gives]
    api.definitions.shown = {"params": None, "places": places, "problems": []}
    lines = tickwire("definitions", "dry-run", "a").stdout.splitlines()[1:]
    assert [" ".join(line.split()) for line in lines] == [
        "params.url dueTime null null",
        "params.url secrets.a a secret",
        "params.url event.a gives null here",
    ]


def test_a_dry_run_with_an_event_shows_what_each_trigger_makes_of_it(api, tickwire):
    fine = {"params": {"x": 2}, "places": [], "problems": []}
    none = {"params": None, "places": [], "problems": []}
    problem = {"path": "params.y", "message": "is required"}
    triggers = [
        {"trigger": 0, "topic": "a:b", "starts": True, **fine},
        {"trigger": 1, "topic": "c:d", "starts": False, "stoppedBy": "topic", **none},
        {"trigger": 2, "topic": "a:b", "starts": False, "stoppedBy": "filter", **none},
    ]
    api.definitions.shown = {**none, "problems": [problem], "triggers": triggers}
    shown = tickwire("definitions", "dry-run", "a", "--event", "{}", "--trigger", "0")
    assert (shown.exit_code, api.definitions.asked[-1][1]["trigger"]) == (0, 0)
    assert shown.stdout.splitlines() == [
        "trigger 0 (a:b): would start a job",
        'parameters: {"x": 2}',
        "trigger 1 (c:d): starts nothing, since the event is of another topic",
        "trigger 2 (a:b): starts nothing, since its filter does not let the event through",
    ]
    triggers[0]["problems"] = [problem]
    assert tickwire("definitions", "dry-run", "a", "--event", "{}").exit_code == 1
    assert tickwire("definitions", "dry-run", "--event", "{}", "--trigger", "0").exit_code == 2
