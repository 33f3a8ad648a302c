import json

import pytest

from listener_sdk.cli import families
from listener_sdk.cli.families import progress, title, tree
from listener_sdk.protocol.jobs import Job


def model(api, **fields):
    return Job.model_validate(api.job(**fields))


def split(api, count=3, **fields):
    """A split job and its parts."""
    parent = api.job(job="a:split", status="executing", parts=count, done=1, progress=50, **fields)
    parts = [
        api.job(job="a:split", parentId=parent["id"], part=number, status="executing", progress=10 * number)
        for number in range(count)
    ]
    return parent, parts


def test_a_part_is_told_by_its_number_and_a_split_job_by_its_parts(api):
    parent, parts = split(api)
    assert title(Job.model_validate(parts[1])) == "a:split part 1"
    assert progress(Job.model_validate(parent)) == "50 %, 1 of 3 parts"
    assert progress(model(api)) == ""


def test_children_stand_below_their_parent_and_the_newest_family_first(api):
    old = model(api)
    parent, parts = split(api, 2)
    grandchild = api.job(parentId=parts[0]["id"])
    jobs = [Job.model_validate(one) for one in (grandchild, *parts[::-1], parent)]
    assert [(job.id[-1], depth) for job, depth in tree([*jobs, old])] == [
        ("2", 0), ("3", 1), ("5", 2), ("4", 1), ("1", 0),
    ]  # fmt: skip


def test_a_child_whose_parent_is_gone_stands_alone(api):
    assert [depth for _, depth in tree([model(api, parentId="us_jb_9")])] == [0]


def test_a_list_is_shown_as_a_tree_with_parents_beyond_the_limit(api, tickwire):
    parent, parts = split(api, 3)
    api.job(parentId="us_jb_gone")
    lines = tickwire("jobs", "--tree", "--limit", "3").stdout.splitlines()
    assert [line.split()[0] for line in lines[1:]] == [
        "us_jb_0000000005",
        parent["id"],
        parts[1]["id"],
        parts[2]["id"],
    ]
    assert "  a:split  " in lines[2]
    assert "    a:split part 1" in lines[3]
    found = json.loads(tickwire("jobs", "--tree", "--limit", "3", "--json").stdout)
    assert [job["id"] for job in found] == [line.split()[0] for line in lines[1:]]


def test_show_tells_how_the_parts_stand_and_names_those_that_ask_for_attention(api, tickwire):
    parent, parts = split(api)
    parts[2] |= {"status": "failed", "info": "no such column"}
    parts[0] |= {"status": "complete"}
    parent["partCounts"] = {"total": 3, "completed": 1, "failed": 1, "canceled": 0}
    shown = tickwire("jobs", "show", parent["id"]).stdout
    assert "progress     50 %, 1 of 3 parts, 1 failed\n" in shown
    assert "3 parts: 1 executing, 1 complete, 1 failed" in shown
    listed = [line.split()[0] for line in shown.splitlines() if line.startswith("us_jb_")]
    assert listed == [parts[2]["id"], parts[1]["id"], parts[0]["id"]]
    assert "no such column" in shown


def test_many_children_are_counted_and_some_are_shown(api, tickwire, monkeypatch):
    parent, _ = split(api, families.SHOWN + 5)
    shown = tickwire("jobs", "show", parent["id"]).stdout
    assert f"\n... and 5 more: tickwire jobs --parent {parent['id']}\n" in shown
    monkeypatch.setattr(families, "MOST_CHILDREN", 7)
    assert "7 parts: 7 executing" in tickwire("jobs", "show", parent["id"]).stdout


def test_a_part_that_was_run_again_is_one_part(api, tickwire):
    parent, parts = split(api, 2)
    parts[0] |= {"status": "failed"}
    api.job(job="a:split", parentId=parent["id"], part=0, status="ready", rerunOf=parts[0]["id"])
    assert (
        "2 parts in 3 runs: 1 ready, 1 executing, 1 failed" in tickwire("jobs", "show", parent["id"]).stdout
    )


@pytest.mark.parametrize(("parts", "noun"), [(None, "1 child"), (2, "2 parts and 1 other child")])
def test_children_that_are_no_parts_are_called_so(api, tickwire, parts, noun):
    parent = split(api, 2)[0] if parts else api.job()
    api.job(job="a:other", parentId=parent["id"])
    assert f"{noun}: " in tickwire("jobs", "show", parent["id"]).stdout


def test_a_job_without_children_says_nothing_of_them(api, tickwire):
    assert "children" not in tickwire("jobs", "show", api.job()["id"]).stdout
