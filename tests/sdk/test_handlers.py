import functools
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest
from pydantic import BaseModel, field_validator, model_validator

from listener_sdk import Job, SyncJob
from listener_sdk.errors import Fatal, RegistrationError
from listener_sdk.handlers import choose, make_handler, place_of, ready_event
from listener_sdk.protocol.filters import compile_filter
from listener_sdk.protocol.jobs import Job as RawJob
from tests.sdk.fake_server import wire_job


class Export(BaseModel):
    sheet: str
    day: date | None = None


@dataclass
class Data:
    rows: int = 5


def of(function, name="workbook:export", **options):
    return make_handler(function, name, **options)


async def typed(job: Job[Export]) -> None: ...
async def bare(job: Job) -> None: ...
async def untyped(job): ...
async def anything(job: Job[Any]) -> None: ...
def threaded(job: SyncJob[dict[str, int]]) -> None: ...
def threaded_untyped(job): ...
async def text_annotation(job: "Job[Export]") -> "NotThere": ...  # noqa: F821 - only the job's annotation is read
async def with_default(job: Job[Data], db: object = None) -> None: ...


def test_the_annotation_says_what_the_input_becomes():
    assert of(typed).read_input({"sheet": "a", "day": "2026-01-02"}) == Export(
        sheet="a", day=date(2026, 1, 2)
    )
    assert of(text_annotation).read_input({"sheet": "a"}) == Export(sheet="a")
    assert of(threaded).read_input({"rows": "3"}) == {"rows": 3}
    assert of(with_default).read_input(None) == Data(5)
    for function in (bare, untyped, anything, threaded_untyped):
        assert of(function).read_input({"x": None}) == {"x": None}
        assert of(function).read_input(None) == {}
    assert of(untyped, input=Export).read_input({"sheet": "a"}) == Export(sheet="a")


def test_plain_functions_run_in_a_thread():
    assert [of(f).in_thread for f in (typed, untyped, threaded, threaded_untyped)] == [
        False,
        False,
        True,
        True,
    ]


def test_callable_objects_and_partials_are_handlers_too():
    class Exporter:
        async def __call__(self, job: Job[Export]) -> None: ...

    def two(prefix: str, job: SyncJob[Export]) -> None: ...

    assert of(Exporter()).in_thread is False
    partial = of(functools.partial(two, "x"))
    assert partial.in_thread is True
    assert partial.read_input({"sheet": "a"}) == Export(sheet="a")
    assert "test_handlers.py:" in partial.place


def test_the_server_is_told_name_and_filter():
    taking = of(typed, filter={"spaceId": "x"}).taking()
    assert taking.model_dump() == {"job": "workbook:export", "filter": {"spaceId": "x"}}


def test_filters_see_the_job_as_its_ready_event_does():
    ready = ready_event(
        RawJob.model_validate(
            wire_job(source="us_wb_7", spaceId="us_sp_a", metadata={"team": "x"}, tags=["vip", "acme"])
        )
    )
    passing = {
        "job": "workbook:*",
        "workbookId": "us_wb_7",
        "spaceId": "us_sp_a",
        "team": "x",
        "tag": "ac*",
        "status": "ready",
    }
    assert compile_filter(passing)(ready)
    assert not compile_filter({"isPart": True})(ready)


def test_a_wrong_input_names_every_field():
    with pytest.raises(Fatal) as caught:
        of(typed).read_input({"day": "someday"})
    assert "sheet: Field required" in str(caught.value)
    assert "day: Input should be a valid date" in str(caught.value)


def test_what_a_models_own_validators_say_is_told_as_they_said_it():
    class Rows(BaseModel):
        rows: int
        name: str = ""

        @field_validator("rows")
        @classmethod
        def _few(cls, rows):
            if rows > 3:
                raise ValueError("at most three rows")
            return rows

        @model_validator(mode="after")
        def _named(self):
            assert self.name != "x", "choose another name"
            return self

    with pytest.raises(Fatal) as caught:
        of(untyped, input=Rows).read_input({"rows": 4})
    assert str(caught.value) == "The input is invalid: rows: at most three rows"
    with pytest.raises(Fatal) as caught:
        of(untyped, input=Rows).read_input({"rows": 1, "name": "x"})
    assert str(caught.value).startswith("The input is invalid: input: choose another name")


async def two(job: Job, other: int) -> None: ...
async def none() -> None: ...
async def keyword(*, job: Job) -> None: ...
async def generator(job: Job):
    yield 1


def sync_with_job(job: Job) -> None: ...
async def async_with_sync_job(job: SyncJob[Export]) -> None: ...
async def other_type(job: int) -> None: ...
async def unresolved(job: "Job[NoSuchModel]") -> None: ...  # noqa: F821 - the missing name is what is tested


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (two, r"takes one argument, the job: def two\(job: Job\[Model\]\)"),
        (none, "takes one argument"),
        (keyword, "takes one argument"),
        (generator, "cannot yield"),
        (sync_with_job, "the job of a plain def is annotated as SyncJob"),
        (async_with_sync_job, "the job of an async def is annotated as Job"),
        (other_type, "not int"),
        (unresolved, r"'Job\[NoSuchModel\]' cannot be read.*NameError.*pass input=Model"),
    ],
)
def test_what_cannot_be_a_handler_is_named_with_file_line_and_the_fix(function, message):
    with pytest.raises(RegistrationError, match=message) as caught:
        of(function)
    assert str(caught.value).startswith(f"{__file__}:{function.__code__.co_firstlineno}: ")


def test_an_input_that_pydantic_cannot_describe_is_named():
    class Odd:
        pass

    with pytest.raises(RegistrationError, match=r"Odd.* cannot be the input"):
        of(untyped, input=Odd)


@pytest.mark.parametrize("name", ["", "export", ":export", "workbook:", "work book:x", "a:" + "x" * 300])
def test_names_of_jobs_have_a_type_and_an_operation(name):
    with pytest.raises(RegistrationError, match="names no job"):
        of(bare, name)


@pytest.mark.parametrize("concurrency", [0, -1, 1001])
def test_concurrency_has_bounds(concurrency):
    with pytest.raises(RegistrationError, match="concurrency is 1 to 1000"):
        of(bare, concurrency=concurrency)


def test_the_handler_is_found_by_name_then_filter_and_exact_names_win():
    exact, glob = of(bare), of(bare, "workbook:*")
    narrow = of(bare, filter={"spaceId": "us_sp_a", "job": "workbook:*", "domain": "job", "isPart": False})
    job = RawJob.model_validate(wire_job(spaceId="us_sp_a"))
    assert choose([glob, exact], job) is exact
    assert choose([glob], job) is glob
    assert choose([narrow], RawJob.model_validate(wire_job(spaceId="us_sp_b"))) is narrow
    assert choose([narrow, of(bare, filter={"spaceId": "us_sp_b"})], job) is narrow
    assert choose([exact], RawJob.model_validate(wire_job(name="sheet:export"))) is None


def test_a_function_without_code_still_has_a_place():
    assert place_of(print) == repr(print)
