"""What a handler knows of its job."""

import pytest

from listener_sdk._context import Context
from listener_sdk.errors import Canceled
from listener_sdk.protocol.jobs import Job as RawJob
from tests.sdk.fake_server import wire_job


def make(**fields):
    raw = RawJob.model_validate(wire_job(metadata={"team": "a"}, **fields))
    return Context(raw, {"rows": 1}, None, fence=7, attempt=2)


def test_the_facts_of_the_job_are_at_hand():
    job = make()
    assert (job.id, job.name, job.type, job.operation) == (
        "us_jb_0000000001",
        "workbook:export",
        "workbook",
        "export",
    )
    assert (job.fence, job.attempt, job.trigger, job.metadata) == (7, 2, "immediate", {"team": "a"})
    assert job.input == {"rows": 1}
    assert not job.cancelled
    with pytest.raises(RuntimeError, match="without a server"):
        _ = job.client


def test_what_it_works_on_is_at_hand():
    column = {"type": "collection", "resource": "records", "params": {"columnKey": "email"}}
    job = make(source="us_sh_1", subject=column)
    assert (job.source, job.subject) == ("us_sh_1", column)
    assert make().subject == {}


def test_a_part_knows_which_it_is_and_what_to_work_on():
    part = make(part=0, partData={"page": 1}, parentId="us_jb_9")
    assert (part.is_part, part.part, part.part_data) == (True, 0, {"page": 1})
    whole = make(parentId="us_jb_9", parts=2)
    assert (whole.is_part, whole.part, whole.part_data) == (False, None, {})


def test_a_stop_is_asked_for_once_and_for_all():
    job = make()
    job._go_on()
    job.ask_to_stop()
    assert job.cancelled
    with pytest.raises(Canceled):
        job._go_on()


def test_a_child_names_its_parent():
    child = make()._child("sheet:check", {"rows": 2}, {"priority": 4})
    assert (child.name, child.input, child.parent_id, child.priority) == (
        "sheet:check", {"rows": 2}, "us_jb_0000000001", 4,
    )  # fmt: skip
