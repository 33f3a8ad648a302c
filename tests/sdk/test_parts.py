import pytest
from pydantic import BaseModel

from listener_sdk.parts import newest, parts_body, result_of
from listener_sdk.protocol.jobs import Job
from tests.sdk.fake_server import wire_job


def job(number, part, status="complete"):
    return Job.model_validate(wire_job(number, part=part, status=status))


def test_each_part_counts_once_however_it_ended():
    jobs = [job(2, 0), job(3, 1, "failed"), job(4, 2, "canceled"), job(5, 3), job(9, None)]
    found = result_of(jobs, 4)
    assert (found.total, found.completed, found.failed, found.canceled) == (4, 2, 1, 1)
    assert [one.part for one in found.jobs] == [0, 1, 2, 3]


def test_a_part_that_was_deleted_counts_as_canceled():
    found = result_of([job(2, 0)], 3)
    assert (found.total, found.completed, found.canceled) == (3, 1, 2)


def test_of_a_part_that_was_run_again_the_newest_run_counts():
    jobs = [job(9, 0), job(2, 0, "failed"), job(3, 1)]
    assert [one.id[-1] for one in newest(jobs)] == ["9", "3"]
    assert result_of(jobs, 2).failed == 0


def test_a_split_is_a_number_or_an_object_for_each_part():
    class Page(BaseModel):
        number: int

    assert parts_body(3) == 3
    assert parts_body({"page": number} for number in range(2)) == [{"page": 0}, {"page": 1}]
    assert parts_body([Page(number=1), {}]) == [{"number": 1}, {}]


@pytest.mark.parametrize("parts", [0, -1, 1_001, [], [{}] * 1_001])
def test_no_parts_and_too_many_are_refused_with_advice(parts):
    with pytest.raises(ValueError, match=r"1 to 1,000 parts, not .*: give each part more to do"):
        parts_body(parts)


def test_what_is_no_object_is_refused():
    with pytest.raises(
        ValueError, match=r"^part 1 is 2: what a part shall work on is a dict or a pydantic model$"
    ):
        parts_body([{}, 2])
    with pytest.raises(ValueError, match=r"parts\[0\]\.rows is nan"):
        parts_body([{"rows": float("nan")}])


@pytest.mark.parametrize("parts", ["abc", b"abc", {"page": 1}, None, 2.5, True])
def test_what_is_neither_a_number_nor_a_list_is_refused(parts):
    with pytest.raises(ValueError, match="parts are a number, or a list with a dict for each part, not"):
        parts_body(parts)
