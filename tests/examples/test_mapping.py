from types import SimpleNamespace

import pytest

import map_fields
from listener_sdk import ApiError
from listener_sdk.protocol.plans import Plan
from listener_sdk.testing import JobFailed, run_job
from mapping import doubts, matches, plan_of
from workbook import Field, Sheet, Workbook

SHEET = Sheet(
    key="people",
    fields=[
        Field(key="name", label="Full name", required=True),
        Field(key="born", type="date"),
        Field(key="income", type="number"),
        Field(key="colour", type="enum", options=["red", "blue"], also=["Farbe"]),
    ],
)


def found(**samples):
    return {one.column: (one.field.key, round(one.confidence, 2), one.by) for one in matches(samples, SHEET)}


def test_the_same_name_is_sure_whatever_its_spelling():
    assert found(full_name=["Ada"], BORN=["2.1.1990"], Farbe=["red"]) == {
        "full_name": ("name", 1.0, "name"),
        "BORN": ("born", 1.0, "name"),
        "Farbe": ("colour", 1.0, "name"),
    }


def test_a_name_counts_for_as_far_as_its_cells_can_be_read():
    assert found(born=["2.1.1990", "unknown"]) == {"born": ("born", 0.5, "name")}
    assert found(born=["unknown"]) == {}


def test_options_tell_a_field_apart_whatever_its_column_is_called():
    assert found(x=["red", "blue", "red"]) == {"x": ("colour", 0.85, "values")}


def test_each_column_goes_to_one_field_and_each_field_gets_one_column():
    assert found(name=["Ada"], full_name=["Ada Lovelace"]) == {"name": ("name", 1.0, "name")}


def test_a_plan_says_what_goes_where_and_what_goes_nowhere():
    samples = {"Full name": ["Ada"], "Shoe size": ["42"], "income": ["1.000,50", "2.000"]}
    plan = Plan.model_validate(plan_of(matches(samples, SHEET), samples, SHEET))
    edges = {edge.source_field.key: edge for edge in plan.field_mapping}
    assert {key: edge.destination_field.key for key, edge in edges.items()} == {
        "Full name": "name",
        "income": "income",
    }
    assert edges["income"].preview == ["1.000,50", "2.000"]
    assert edges["income"].metadata == {
        "certainty": "absolute", "confidence": 1.0, "source": "name", "style": {"decimal_comma": True, "day_first": True},
    }  # fmt: skip
    assert [one.source_field.key for one in plan.unmapped_source_fields] == ["Shoe size"]
    assert [one.destination_field.key for one in plan.unmapped_destination_fields] == ["born", "colour"]


def test_the_rule_doubts_what_is_missing_and_what_is_unsure():
    assert doubts(matches({"full name": ["Ada"]}, SHEET), SHEET, 0.8) == []
    assert doubts(matches({"born": ["2.1.1990", "2.1.1991", "?"]}, SHEET), SHEET, 0.8) == [
        "nothing goes to name",
        "born goes to born with a confidence of only 0.67",
    ]


# ---- the job


@pytest.fixture
def book(tmp_path, monkeypatch):
    monkeypatch.setenv("WORKBOOK", str(tmp_path / "workbook.db"))
    source = Sheet(
        key="file", label="people.csv", fields=[Field(key="Full name"), Field(key="Born")], file_id="us_fl_1"
    )

    def setup(change):
        change.define(SHEET)
        change.define(source)
        for number in range(5):
            values = {"Full name": f"P{number}", "Born": f"1.{number + 1}.1990"}
            change.insert(source, values, notes={"line": number + 2})
        return {}

    with Workbook(tmp_path / "workbook.db") as opened:
        opened.once("setup", setup)
        yield opened


def planned(plan=None):
    """A client whose jobs have this plan."""

    async def get(job_id):
        return SimpleNamespace(plan=Plan.model_validate(plan or {}))

    return SimpleNamespace(plans=SimpleNamespace(get=get))


async def run(plan=None, **given):
    wanted = {"source": "file", "destination": "people", **given}
    return await run_job(
        map_fields.listener, "workbook:map", wanted, client=planned(plan), created_at="2026-01-01T00:00:00Z"
    )


PEOPLE = [{"name": f"P{n}", "born": f"1990-{n + 1:02}-01", "income": None, "colour": None} for n in range(5)]


@pytest.mark.parametrize("rows_a_part", [1, 2, 5, 100])
async def test_a_mapping_that_is_sure_goes_on_without_a_person(book, rows_a_part):
    found = await run(rows_a_part=rows_a_part)
    assert [record.values for record in book.records("people")] == PEOPLE
    assert [record.notes["line"] for record in book.records("people")] == [2, 3, 4, 5, 6]
    assert found.outcome.message == "5 rows of file went to people."
    assert len(found.parts) == (0 if rows_a_part >= 5 else -(-5 // rows_a_part))


async def test_a_second_attempt_copies_nothing_twice(book):
    first = await run()
    again = await run()
    assert [record.values for record in book.records("people")] == PEOPLE
    assert first.outcome.message == again.outcome.message


async def test_the_plan_of_a_person_is_done_as_it_is(book):
    edge = {
        "sourceField": {"type": "string", "key": "Born"},
        "destinationField": {"type": "date", "key": "born"},
        "metadata": {"style": {"day_first": False}},
    }
    found = await run({"fieldMapping": [edge]})
    assert [record.values["born"] for record in book.records("people")] == [
        f"1990-01-0{n}" for n in range(1, 6)
    ]
    assert [record.problems for record in book.records("people")] == [{"name": "is missing"}] * 5
    assert (found.outcome.result, found.outcome.counts.failed) == ("partial", 5)
    assert (
        found.attachment("people-problems.csv").decode("utf-8-sig").splitlines()[1]
        == "6,2,Full name,,is missing"
    )


@pytest.mark.parametrize(
    ("plan", "given", "why"),
    [
        (None, {"source": "people"}, "does not hold the rows of a file"),
        ([], {"destination": "file"}, "holds the rows of a file as they were written"),
        (None, {"destination": "nobody"}, "no sheet 'nobody'; there are: file, people"),
        ([("Age", "born")], {}, "no field 'Age'"),
        ([("Born", "birthday")], {}, "no field 'birthday'"),
        ([("Born", "born"), ("Full name", "born")], {}, "two columns to one field"),
    ],
)
async def test_a_mapping_that_makes_no_sense_fails_for_good_and_changes_nothing(book, plan, given, why):
    edges = [
        {"sourceField": {"type": "string", "key": one}, "destinationField": {"type": "string", "key": other}}
        for one, other in plan or []
    ]
    with pytest.raises(JobFailed, match=why) as failed:
        await run({"fieldMapping": edges}, **given)
    assert failed.value.retry is False
    assert book.count("people") == 0


async def test_a_plan_that_maps_nothing_is_not_replaced_by_the_rule(book):
    plan = {"unmappedSourceFields": [{"sourceField": {"type": "string", "key": "Born"}}]}
    with pytest.raises(JobFailed, match="maps no column at all"):
        await run(plan)
    assert book.count("people") == 0


async def test_a_style_that_makes_no_sense_fails_for_good(book):
    edge = {
        "sourceField": {"type": "string", "key": "Born"},
        "destinationField": {"type": "date", "key": "born"},
        "metadata": {"style": {"day_first": "sometimes"}},
    }
    with pytest.raises(JobFailed, match="The style of Born in the plan is none") as failed:
        await run({"fieldMapping": [edge]})
    assert failed.value.retry is False


async def test_what_the_rule_doubts_asks_for_a_person(book):
    empty = SHEET.model_copy(update={"key": "others", "fields": [Field(key="shoe-size", required=True)]})
    book.once("others", lambda change: change.define(empty) or {})
    with pytest.raises(JobFailed, match=r"A person has to accept this mapping: nothing goes to shoe-size"):
        await run(destination="others")


# ---- the watcher


class Planner:
    """A client of one job, which notes what is asked of it."""

    def __init__(self, job, refusal=None):
        self.asked = []
        self.refusal = refusal
        self.job = job
        self.jobs = self.plans = self

    async def get(self, job_id):
        return self.job

    async def put(self, job_id, file_id, **plan):
        if self.refusal:
            raise ApiError.of_code(self.refusal, "Refused.")
        self.asked.append(("put", file_id, len(plan["field_mapping"])))

    async def execute(self, job_id):
        self.asked.append(("execute",))

    async def cancel(self, job_id, info):
        self.asked.append(("cancel", info))


def waiting(**fields):
    job = {"id": "us_jb_1", "status": "created", "part": None, "file_id": None}
    job["input"] = {"source": "file", "destination": "people"}
    return SimpleNamespace(**{**job, **fields})


@pytest.mark.parametrize(
    ("fields", "asked"),
    [
        ({}, [("put", "us_fl_1", 2), ("execute",)]),
        ({"file_id": "us_fl_9"}, [("put", "us_fl_9", 2), ("execute",)]),
        (
            {"input": {"source": "file", "destination": "people", "accept_from": 1}},
            [("put", "us_fl_1", 2), ("execute",)],
        ),
        ({"status": "ready"}, []),
        ({"part": 0}, []),
    ],
)
async def test_a_job_that_waits_gets_a_plan_and_begins_where_the_rule_accepts(
    book, monkeypatch, fields, asked
):
    planner = Planner(waiting(**fields))
    monkeypatch.setattr(map_fields.listener.branch, "client", planner)
    await map_fields.plan(SimpleNamespace(job_id="us_jb_1"))
    assert planner.asked == asked


@pytest.mark.parametrize(
    ("given", "why"),
    [({"source": "nobody", "destination": "people"}, "no sheet 'nobody'"), ({}, "source"), (None, "source")],
)
async def test_a_job_that_cannot_be_planned_is_canceled_and_told_why(book, monkeypatch, given, why):
    planner = Planner(waiting(input=given))
    monkeypatch.setattr(map_fields.listener.branch, "client", planner)
    await map_fields.plan(SimpleNamespace(job_id="us_jb_1"))
    ((asked, info),) = planner.asked
    assert asked == "cancel"
    assert why in info


@pytest.mark.parametrize(
    ("refusal", "asked"),
    [("too_large", [("cancel", "The file has too many columns to plan: Refused.")]), ("illegal_move", [])],
)
async def test_a_plan_that_the_server_refuses_leaves_nobody_waiting(book, monkeypatch, refusal, asked):
    planner = Planner(waiting(), refusal)
    monkeypatch.setattr(map_fields.listener.branch, "client", planner)
    await map_fields.plan(SimpleNamespace(job_id="us_jb_1"))
    assert planner.asked == asked
