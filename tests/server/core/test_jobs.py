"""A job's row and the facts that follow from it."""

from dataclasses import astuple, replace

import orjson
import pytest

from listener_sdk.protocol.lifecycle import FINAL, Status
from server.core.jobs import COLUMNS, JobRow, retagged


def test_columns_are_the_fields_in_their_order(job):
    assert COLUMNS[0] == "id"
    assert COLUMNS[-1] == "definition_id"
    assert JobRow(*astuple(job)) == job
    assert JobRow(**dict(zip(COLUMNS, astuple(job), strict=True))) == job


def test_queues_are_told_apart_by_space_and_name(job):
    assert job.key == (1, "workbook:export")
    assert replace(job, space_id=2).key != job.key


@pytest.mark.parametrize("status", list(Status))
def test_a_job_has_ended_in_a_final_status(job, status):
    assert replace(job, status=status.value).ended is (status in FINAL)


@pytest.mark.parametrize(
    ("holder", "on_stream", "by_a", "by_b"),
    [
        (None, False, False, False),
        ("us_key_a", False, True, False),
        ("us_key_a/session/with/strokes", True, True, False),
        ("us_key_ab/s", True, False, False),
        ("us_key_b/us_key_a", True, False, True),
    ],
)
def test_a_lease_belongs_to_a_key_with_or_without_a_session(job, holder, on_stream, by_a, by_b):
    row = replace(job, holder=holder)
    assert (row.on_stream, row.held_by("us_key_a"), row.held_by("us_key_b")) == (on_stream, by_a, by_b)


@pytest.mark.parametrize("tags", [["acme"], ["a b", 'quote"', "back\\slash", '"]', "Ω", "tags"]])
def test_tags_are_read_where_they_stand_first(job, tags):
    spec = orjson.dumps(retagged({"input": {"tags": ["none"]}, "label": "l"}, tags)).decode()
    row = replace(job, spec=spec)
    assert row.tags == tags == row.described()["tags"]
    assert row.described()["label"] == "l"


@pytest.mark.parametrize("spec", ["{}", '{"label":"tags"}', '{"input":{"tags":["x"]}}', '{"tagsx":["y"]}'])
def test_a_job_without_tags_has_none(job, spec):
    assert replace(job, spec=spec).tags == []


def test_other_tags_take_the_place_of_the_old(job):
    before = {"label": "l", "tags": ["old"], "input": {}}
    assert [*retagged(before, ["new"]).items()] == [("tags", ["new"]), ("label", "l"), ("input", {})]
    assert retagged(before, []) == {"label": "l", "input": {}}


def test_the_description_is_read_from_its_text(job):
    row = replace(job, spec='{"label":"Exporter Ω","input":{"rows":3}}')
    assert row.described() == {"label": "Exporter Ω", "input": {"rows": 3}}
