"""Definitions on every database: kept, found, filtered, versioned, and what became of their jobs."""

from dataclasses import astuple, replace

import pytest
from defined import change, declare, define, start
from stage import ADMIN, STRANGER

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.definitions import DefinitionCreate, DefinitionExecute
from server.commands import definition_starts, jobs
from server.commands.definition_starts import EXECUTE_DEFINITION
from server.commands.definitions import DELETE_DEFINITION, DeleteDefinition
from server.commands.jobs import CancelJob
from server.core.definitions import new_definition
from server.core.jobs import COLUMNS
from server.core.reach import Reach
from server.store import bulk, clearing, event_pages, job_pages
from server.store import definitions as sql
from server.store.definitions import DefinitionFilter
from server.store.event_pages import EventFilter
from server.store.job_pages import JobFilter
from server.store.pages import Window


def row(number=1, space_id=1, code=None, **fields):
    body = {"jobDefinitionCode": code or f"d{number}", "jobType": "export", **fields}
    made = new_definition(
        number, space_id, DefinitionCreate.model_validate(body), 2**40, "us_key_1", enabled=True
    )
    return replace(made, id=number)


def listed(tx, space_id=1, **wanted):
    return [one.id for one in sql.page(tx, space_id, DefinitionFilter(**wanted), Window(9))[0]]


def test_a_row_comes_back_as_it_was_and_as_it_became(tx):
    made = row(2**40, params={"é": "日"}, target="t", description="d", triggers=[{"topic": "a:b"}])
    sql.insert(tx, made)
    assert sql.find(tx, 1, made.code) == sql.find(tx, 1, made.public_id) == (made, None, None, None)
    assert sql.find(tx, 2, made.code) is sql.find(tx, 2, made.public_id) is None
    newer = replace(
        made,
        version=2,
        body=row(params={"a": 1}).body,
        target=None,
        triggers_at=None,
        patterns=0,
        enabled=0,
        name="N",
    )
    sql.update(tx, newer, is_version=True)
    assert sql.find(tx, 1, made.code).row == newer
    assert [one[:2] for one in sql.versions(tx, made.id, Window(9))[0]] == [(2, newer.body), (1, made.body)]
    assert sql.versions(tx, made.id, Window(1, after=2)) == ([(1, made.body, 2**40, "us_key_1")], False)
    sql.delete(tx, made.id)
    assert sql.find(tx, 1, made.code) is None
    assert sql.versions(tx, made.id, Window(9)) == ([], False)


def test_what_the_triggers_of_a_space_look_at(tx):
    assert sql.patterns(tx, 1) == 0
    sql.insert(tx, row(1, triggers=[{"topic": "a:b, a:*"}, {"topic": "**"}]))
    sql.insert(tx, row(2, triggers=[{"topic": "a:b"}]))
    sql.insert(tx, row(3, enabled=False, triggers=[{"topic": "a:b"}]))
    sql.insert(tx, row(4, space_id=2, triggers=[{"topic": "a:b"}]))
    assert [sql.patterns(tx, space) for space in (1, 2)] == [4, 1]


def test_a_code_stands_once_in_a_space(tx, backend):
    sql.insert(tx, row(1, code="a"))
    sql.insert(tx, row(2, space_id=2, code="a"))
    sql.insert(tx, row(3, code="A"))
    with pytest.raises(backend.refused):
        tx.run("UPDATE definition SET code = 'a' WHERE id = 3")


def test_lists_are_filtered(tx):
    sql.insert(tx, row(1, name="Éclair 100%", target="t"))
    sql.insert(tx, row(2, jobType="other", name="B_c"))
    sql.insert(tx, replace(row(3), enabled=0))
    sql.insert(tx, row(4, space_id=2))
    assert listed(tx) == [1, 2, 3]
    assert listed(tx, type_code="export") == [1, 3]
    assert listed(tx, enabled=False) == [3]
    assert listed(tx, target="t", enabled=True) == [1]
    assert [listed(tx, text=text) for text in ("0%", "b_C", "D3", "_", "clair 1")] == [
        [1],
        [2],
        [3],
        [2],
        [1],
    ]
    assert sql.codes(tx, 1, 2) == ["d1", "d2"]
    assert sql.codes_of_type(tx, 1, "export", 9) == ["d1", "d3"]
    assert [sql.count(tx, space) for space in (1, 2, 3)] == [3, 1, 0]
    sql.delete(tx, 2)
    assert [sql.count(tx, space) for space in (1, 2)] == [2, 1]


def test_jobs_are_found_by_their_definition(tx, job):
    sql.insert(tx, row(1))
    sql.insert(tx, row(2))
    rows = [
        replace(job, id=5, definition_id=1),
        replace(job, id=6, definition_id=1, status="complete", finished_at=7),
        replace(job, id=7, definition_id=None),
    ]
    tx.insert_many("job", COLUMNS, [astuple(one) for one in rows])
    assert {key: one.id for key, one in sql.newest_jobs(tx, [1, 2]).items()} == {1: 6}
    assert [sql.unfinished_job(tx, number) for number in (1, 2)] == [5, None]


def test_lists_calls_about_many_jobs_and_tokens_go_by_definition(tx, job):
    for number, space in ((1, 1), (2, 1), (3, 2)):
        sql.insert(tx, row(number, space_id=space, code="b" if number == 2 else "a"))
    rows = [
        replace(job, id=n, definition_id=d, space_id=s)
        for n, d, s in ((5, 1, 1), (6, 2, 1), (7, 1, 1), (8, 3, 2), (9, None, 1))
    ]
    tx.insert_many("job", COLUMNS, [astuple(one) for one in rows])
    told = '{"topic":"job:ready","payload":{"definition":"a"}}'
    tx.append_log([(one.space_id, "job:ready", one.id, 0, 1, told) for one in rows])
    of_a = Reach(definition="a")
    for wanted in (JobFilter(definition="a"), JobFilter(within=of_a), JobFilter(definition="a", within=of_a)):
        assert [one.id for one in job_pages.page(tx, 1, wanted, Window(9), count=True).rows] == [7, 5]
        assert (
            bulk.candidates(tx, 1, wanted, "cancel", 9)
            == bulk.still(tx, 1, wanted, "cancel", [5, 6, 7, 8])
            == [5, 7]
        )
    assert bulk.count(tx, 1, JobFilter(definition="b", within=of_a), "cancel") == 0
    assert bulk.count(tx, 1, JobFilter(definition="nobody"), "cancel") == 0
    page = event_pages.page(tx, 1, EventFilter(within=of_a), Window(9))
    assert [one.seq for one in page.rows] == [1, 3]
    page = event_pages.page(tx, 1, EventFilter(within=of_a, newest=True, before=4), Window(9, after=0))
    assert [one.seq for one in page.rows] == [3, 1]


def test_nothing_stays_of_a_space_that_is_gone(tx):
    sql.insert(tx, row(1))
    sql.insert(tx, row(2, space_id=2))
    clearing.forget(tx, 1)
    assert tx.rows("SELECT id FROM definition") == [(2,)]
    assert tx.rows("SELECT definition_id FROM definition_version") == [(2,)]


async def test_a_life(stage):
    await declare(stage)
    await declare(stage, STRANGER)
    await define(stage, STRANGER)
    made = await define(stage, params={"url": "{{ event.url }}"}, target="t")
    with pytest.raises(Refusal, match="choose another"):
        await define(stage)
    job = await start(stage, made, context={"event": {"url": "u"}})
    plain = definition_starts.asked(ADMIN, "nightly", DefinitionExecute(params={"url": "v"}), 9)
    asked = await stage.node.read(lambda reader: definition_starts.prepare(reader, plain))
    assert (await stage.do(EXECUTE_DEFINITION, asked)).described()["input"]["url"] == "v"
    assert (await change(stage, params={"url": "w"})).version == 2
    again = await stage.do(EXECUTE_DEFINITION, asked)
    assert again.described()["definitionVersion"] == 2
    assert (await stage.row(job)).described()["input"] == {"url": "u", "limit": 10}
    with pytest.raises(Refusal) as caught:
        await stage.do(DELETE_DEFINITION, DeleteDefinition(ADMIN, "nightly"))
    assert caught.value.code == "in_use"
    for (job_id,) in await stage.rows("SELECT id FROM job WHERE definition_id IS NOT NULL"):
        await stage.do(jobs.CANCEL, CancelJob(ADMIN, job_id))
    await stage.do(DELETE_DEFINITION, DeleteDefinition(ADMIN, "nightly"))
    assert await stage.rows("SELECT space_id FROM definition") == [(2,)]


def test_jobs_of_a_disabled_definition_are_not_to_be_run_again_and_those_of_a_removed_one_are(tx, job):
    sql.insert(tx, row(1))
    sql.insert(tx, replace(row(2), enabled=0))
    owners = (None, 1, 2, 3)
    jobs_of = [
        replace(job, id=number, status="failed", definition_id=one) for number, one in enumerate(owners, 1)
    ]
    tx.insert_many("job", COLUMNS, [astuple(one) for one in jobs_of])
    assert sql.disabled_codes(tx, {1, 2, 3}) == {2: "d2"}
    for act in ("retry", "retry named"):
        assert bulk.candidates(tx, 1, JobFilter(), act, 10) == [1, 2, 4]
        assert bulk.still(tx, 1, JobFilter(), act, [1, 2, 3, 4]) == [1, 2, 4]
