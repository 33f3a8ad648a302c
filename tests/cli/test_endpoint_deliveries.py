"""``tickwire endpoints deliveries``, ``delivery``, ``replay`` and ``test``."""

import json

EP, MSG = "us_ep_0000000001", "us_msg_0000000001"


def test_deliveries_are_listed_with_the_last_answer(api, tickwire):
    shown = tickwire("endpoints", "deliveries", EP, "--status", "delivered", "-n", "5").stdout
    assert api.endpoints.asked == [{"status": "delivered", "pageSize": "5"}]
    row = shown.splitlines()[1].split()
    assert (row[:4], row[-1]) == ([MSG, "job:failed", "delivered", "1"], "200")
    assert json.loads(tickwire("endpoints", "deliveries", EP, "--json").stdout)[0]["id"] == MSG


def test_one_is_shown_with_its_attempts(api, tickwire):
    api.endpoints.status = 500
    shown = tickwire("endpoints", "delivery", MSG).stdout
    assert f"{MSG}: job:failed, failed after 1 attempt" in shown
    assert '{"type": "job:failed"}' in shown
    assert "It was answered 500." in shown
    assert json.loads(tickwire("endpoints", "delivery", MSG, "--json").stdout)["body"] == {
        "type": "job:failed"
    }


def test_one_or_a_span_goes_out_again(api, tickwire):
    assert MSG in tickwire("endpoints", "replay", MSG).stdout
    assert api.endpoints.asked == [f"/v1/endpoint-deliveries/{MSG}/replay"]
    shown = tickwire("endpoints", "replay", EP, "--since", "2d", "--until", "1h", "--status", "failed").stdout
    assert "501 deliveries go out again." in shown
    first, second = api.endpoints.asked[1:]
    assert first["status"] == ["failed"]
    assert first["since"] < first["until"]
    assert second == {**first, "cursor": "us_msg_1"}
    assert json.loads(tickwire("endpoints", "replay", EP, "--since", "2d", "--json").stdout) == {
        "replayed": 501
    }
    refused = tickwire("endpoints", "replay", MSG, "--status", "failed")
    assert (refused.exit_code, "--since" in refused.stderr) == (2, True)


def test_what_was_missed_goes_out(api, tickwire):
    shown = tickwire("endpoints", "replay", EP, "--since", "2d", "--missed").stdout
    assert "501 deliveries go out." in shown
    first, second = api.endpoints.asked
    assert set(first) == {"since"}
    assert second == {**first, "cursor": "us_msg_1"}
    for wrong in (("--missed",), ("--missed", "--since", "2d", "--status", "failed")):
        refused = tickwire("endpoints", "replay", EP, *wrong)
        assert (refused.exit_code, "--missed" in refused.stderr) == (2, True)


def test_a_test_says_how_it_went(api, tickwire):
    assert "Delivered in 7 ms: it was answered 200." in tickwire("endpoints", "test", EP).stdout
    api.endpoints.status = 500
    failed = tickwire("endpoints", "test", EP)
    assert (failed.exit_code, "It was answered 500." in failed.stderr) == (1, True)
    failed = tickwire("endpoints", "test", EP, "--json")
    assert failed.exit_code == 1
    assert json.loads(failed.stdout)["status"] == "failed"
