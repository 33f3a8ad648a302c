"""The inbox on the command line."""

import json

import pytest
from fake_inbox import AT

ADA = "us_mem_0000000001"


@pytest.fixture
def inbox(api, tickwire):
    api.members[ADA] = {
        "id": ADA, "name": "Ada", "email": "ada@example.com", "role": "viewer", "active": True, "createdAt": AT, "updatedAt": AT,
    }  # fmt: skip
    api.inbox.put(text="No rows.\nSecond line", jobId="us_jb_0000000001")
    api.inbox.put(
        title="Nightly: 2 runs failed",
        text="First: x.",
        counts={"failed": 2},
        runs=[{"result": "failed", "jobId": "us_jb_2", "message": "x"}] * 2,
    )
    return api.inbox


def test_an_inbox_is_listed_with_what_is_unread(inbox, tickwire):
    inbox.notes[1]["readAt"] = inbox.notes[1]["at"]
    shown = tickwire("inbox", "--member", "ada@example.com")
    header, newest, oldest = shown.stdout.splitlines()
    assert header.split() == ["NEW", "ID", "AT", "(LOCAL)", "TITLE", "JOB", "TEXT"]
    assert newest.startswith("*    us_nt_0000000002")
    assert newest.endswith("us_jb_2 and 1 more  First: x.")
    assert oldest.startswith("     us_nt_0000000001")
    assert oldest.split()[-3:] == ["us_jb_0000000001", "No", "rows."]
    assert shown.stderr == "1 unread.\n"
    assert inbox.asked[0] == {"member": ADA, "pageSize": "51"}
    listed = json.loads(tickwire("inbox", "--unread", "--member", ADA, "--json").stdout)
    assert [one["title"] for one in listed] == ["Nightly: 2 runs failed"]
    few = tickwire("inbox", "list", "--member", ADA, "--limit", "1")
    assert "Only the newest 1 notification of more" in few.stderr
    assert len(few.stdout.splitlines()) == 2


def test_one_is_shown_as_it_is_read(inbox, tickwire):
    shown = tickwire("inbox", "read", "us_nt_0000000001").stdout
    assert shown.splitlines()[:2] == ["Nightly failed", "No rows."]
    assert "tickwire runs show us_jb_0000000001" in shown
    assert tickwire("inbox", "read", "us_nt_0000000002").stdout.count("failed us_jb_2 x\n") == 2
    assert json.loads(tickwire("inbox", "read", "us_nt_0000000002", "--json").stdout)["readAt"]
    assert tickwire("inbox", "--unread", "--member", ADA).stdout == "There is nothing unread.\n"


def test_all_are_read(inbox, tickwire):
    assert (
        tickwire("inbox", "read", "--all", "--member", "ada@example.com").stdout == "2 notifications read.\n"
    )
    assert inbox.read == [{"member": ADA}]
    assert tickwire("inbox", "read", "--all", "--member", ADA).stdout == "Nothing was unread.\n"
    assert json.loads(tickwire("inbox", "read", "--all", "--member", ADA, "--json").stdout) == {"read": 0}


def test_a_key_has_none_and_is_told_whose_to_name(api, tickwire):
    refused = tickwire("inbox")
    assert refused.exit_code == 2
    assert "A key has no inbox. Name a member: tickwire inbox --member ada@example.com" in refused.stderr
    assert api.inbox.asked == []


def test_a_member_who_asks_has_one(api, tickwire):
    api.member_id = "us_mem_0000000001"
    assert tickwire("inbox").stdout == "The inbox is empty.\n"
    assert "member" not in api.inbox.asked[0]


@pytest.mark.parametrize("words", [(), ("us_nt_1", "--all")])
def test_one_or_all_must_be_named(api, tickwire, words):
    refused = tickwire("inbox", "read", *words)
    assert refused.exit_code == 2
    assert "or say --all" in refused.stderr
