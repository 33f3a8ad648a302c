import json

import pytest

from listener_sdk.cli import events


def test_tail_prints_matching_events_one_a_line(api, tickwire):
    api.event("job:created", "us_jb_1", status="created", domain="a")
    api.event("job:failed", "us_jb_1", status="failed", info="No \x1b[2J")
    result = tickwire(
        "events", "tail", "job:*", "--where", "jobId=us_jb_1", "--after", "oldest", "--count", "2"
    )
    first, second = result.stdout.splitlines()
    assert first.endswith("job:created         us_jb_1           status=created")
    assert second.endswith("job:failed          us_jb_1           status=failed info=No \\x1b[2J")
    (subscription,) = api.subscriptions
    assert (subscription["topics"], subscription["after"]) == (["job:*"], "oldest")
    assert subscription["filter"] == {"jobId": "us_jb_1"}


def test_tail_without_topics_follows_all_and_json_is_one_line_an_event(api, tickwire):
    api.event("invoice:paid", amount=5)
    event = json.loads(tickwire("events", "tail", "--json", "--count", "1").stdout)
    assert (event["topic"], event["position"], event["payload"]) == ("invoice:paid", "e:1", {"amount": 5})
    assert api.subscriptions[0]["topics"] == ["**"]


def test_the_list_shows_positions_and_payloads(api, tickwire):
    api.event("invoice:paid", amount=5, note="x" * 500)
    header, line = tickwire("events").stdout.splitlines()
    assert header.split() == ["POSITION", "TIME", "TOPIC", "JOB", "PAYLOAD"]
    assert line.startswith("e:1")
    assert line.endswith("…")
    assert api.lists[0] == {"topics": "**", "pageSize": "50"}


def test_the_list_takes_topics_and_a_position(api, tickwire):
    result = tickwire("events", "list", "job:*", "invoice:*", "--after", "e:5", "--limit", "3", "--json")
    assert json.loads(result.stdout) == []
    assert api.lists[0] == {"topics": "job:*,invoice:*", "pageSize": "3", "after": "e:5"}


def test_the_list_takes_a_filter_and_reads_on_until_enough_events_pass_it(api, tickwire, monkeypatch):
    monkeypatch.setattr(events, "PAGE", 2)
    for number in range(9):
        api.event("invoice:paid", customer="Ann" if number % 3 == 2 else "Bob", done=float(number))
    listed = tickwire("events", "list", "--where", "customer=Ann", "--limit", "2")
    assert [line.split()[-1] for line in listed.stdout.splitlines()[1:]] == ["done=2", "done=5"]
    assert [asked.get("after") for asked in api.lists] == [None, "e:2", "e:4"]
    everything = tickwire("events", "list", "--where", "customer=Ann", "--json")
    assert len(json.loads(everything.stdout)) == 3


def test_a_filter_that_is_none_is_refused(api, tickwire):
    result = tickwire("events", "list", "--where", 'customer={"a": {}}')
    assert result.exit_code == 2
    assert result.stderr.startswith("error: 'customer.a' is an object")


@pytest.mark.parametrize(
    ("topics", "warning"),
    [
        (["job:completd"], "warning: the server publishes no job:completd. Did you mean job:completed?\n"),
        (["invoice:paid,key:mode"], "warning: the server publishes no key:mode.\n"),
        (["job:x*"], "warning: the server publishes no job:x*.\n"),
        (["job:*", "job:ready", "**", "*:created", "job:complet*", "jobs:redy"], ""),
    ],
)
def test_a_topic_that_the_server_never_publishes_is_told(api, tickwire, topics, warning):
    api.event("invoice:paid")
    for arguments in (["tail", "--count", "1"], ["list"]):
        assert tickwire("events", *arguments, *topics).stderr == warning


def test_publish_sends_topic_and_payload(api, tickwire):
    result = tickwire(
        "events", "publish", "invoice:paid", "-p", "amount=5", "--payload-json", '{"to": "Ann"}'
    )
    assert result.stdout == "published invoice:paid at e:1\n"
    (sent,) = api.published
    assert (sent["topic"], sent["payload"]) == ("invoice:paid", {"amount": 5, "to": "Ann"})


def test_a_topic_of_the_server_is_refused(api, tickwire):
    result = tickwire("events", "publish", "job:done")
    assert result.exit_code == 2
    assert "Only the server publishes" in result.stderr
    assert api.published == []
