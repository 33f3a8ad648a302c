import json


def test_tail_prints_matching_events_one_a_line(api, tickwire):
    api.event("job:created", "us_jb_1", status="created", domain="a")
    api.event("job:failed", "us_jb_1", status="failed", info="No \x1b[2J")
    result = tickwire(
        "events", "tail", "job:*", "--where", "jobId=us_jb_1", "--after", "oldest", "--count", "2"
    )
    first, second = result.stdout.splitlines()
    assert first.endswith("job:created  us_jb_1  status=created")
    assert second.endswith("status=failed info=No \\x1b[2J")
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
