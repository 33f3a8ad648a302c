from typing import Any

import pytest
from pydantic import BaseModel, Field, create_model

from listener_sdk import Job, Listener
from listener_sdk._declaring import declarations
from listener_sdk.errors import RegistrationError
from listener_sdk.protocol.frames import Listen


class Address(BaseModel):
    street: str


class Export(BaseModel):
    rows: int = Field(ge=1)
    to: Address | None = None


def listener(*names, **options):
    made = Listener()
    for name in names or ("workbook:export",):

        async def handle(job: Job) -> None: ...

        made.job(name, **options)(handle)
    return made


def declared(made):
    return declarations((one.place, one.declares) for one in made.handlers)


def refused(*names, **options):
    with pytest.raises(RegistrationError) as caught:
        listener(*names, **options)
    assert "test_declaring.py:" in str(caught.value)
    return str(caught.value)


def test_a_handler_declares_its_type_with_the_schema_of_its_model():
    (one,) = declared(
        listener(
            input=Export, label="Export", description="To CSV", code="export", modes=["full", "delta"],
            needs_file=True, limits={"max_attempts": 2, "runTimeoutS": 9},
        )
    )  # fmt: skip
    assert (one.name, one.code, one.label, one.description) == (
        "workbook:export",
        "export",
        "Export",
        "To CSV",
    )
    assert (one.modes, one.needs_file, one.limits.max_attempts, one.limits.run_timeout_s) == (
        ["full", "delta"],
        True,
        2,
        9,
    )
    assert one.input_schema["$defs"]["Address"]["required"] == ["street"]


def test_a_name_is_enough():
    (one,) = declared(listener())
    assert one.model_dump(exclude_defaults=True) == {"name": "workbook:export", "code": "workbook:export"}


def test_a_schema_and_a_form_may_be_written_by_hand():
    form = {"fields": [{"key": "rows", "type": "number"}]}
    schema = {"type": "object", "properties": {"rows": {"type": "integer"}}}
    (one,) = declared(listener(input=Export, schema=schema, form=form))
    assert one.input_schema == schema
    assert one.input_form.fields[0].key == "rows"


def test_a_glob_declares_nothing():
    assert declared(listener("workbook:*", label="All", input=Export)) == []
    told = refused("workbook:*", code="x", modes=["delta"])
    assert "leave code, modes out" in told


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"modes": ["later"]}, "modes"),
        ({"code": "a/b"}, "code"),
        ({"limits": {"attempts": 1}}, "no 'attempts': there are max_attempts"),
        ({"limits": {"max_attempts": 0}}, "limits.max_attempts: input"),
        ({"form": {"fields": [{"key": "a", "type": "enum"}]}}, "enum"),
        ({"schema": {"$ref": "https://a.example"}}, '$ref: must begin with "#/"'),
        ({"schema": {"type": "array"}}, "pass schema="),
        ({"input": list[int]}, 'must be "object"'),
        ({"input": create_model("Deep", a=(str, Field(pattern="a" * 300)))}, "300 characters"),
    ],
)
def test_what_cannot_be_declared_is_told_at_the_start(options, told):
    assert told in refused(**options)


def test_a_code_is_that_of_one_name():
    assert "is that of a:b already" in refused("a:b", "c:d", code="same")


def test_handlers_that_share_a_job_declare_it_once_without_a_schema_where_theirs_differ():
    made = listener(input=Export, filter={"fileId": "us_fl_*"}, label="First")
    other: Any = Address

    @made.job("workbook:export", input=other, label="Second")
    async def handle(job: Job) -> None: ...

    (one,) = declared(made)
    assert (one.label, one.input_schema) == ("First", None)


def test_schemas_that_would_not_fit_one_message_are_left_out(caplog):
    wide = create_model("Wide", **{f"field_{n}": (int, 0) for n in range(300)})
    found = declared(listener(*(f"a:b{n}" for n in range(20)), input=wide))
    assert len(found) == 20
    kept = [one for one in found if one.input_schema is not None]
    assert 1 <= len(kept) < 20
    text = Listen(types=found, credit=1).model_dump_json(exclude_none=True)
    assert text.count('":') < 9_000
    assert len(text) < 1_000_000
    assert "too large to be declared" in caplog.text
