"""Job types as they are declared, kept and shown."""

import pytest

from listener_sdk.protocol.job_types import JobTypeDeclare
from server.core.job_types import JobTypeRow, declared, type_wire
from server.core.refusals import Refusals

SCHEMA = {"type": "object", "properties": {"rows": {"type": "integer"}}, "required": ["rows"]}


def declare(**fields):
    return declared(JobTypeDeclare.model_validate({"name": "workbook:export", **fields}))


def row(job_type):
    return JobTypeRow(7, 1, job_type.code, job_type.name, job_type.stored(), 1000, 2000, "us_key_1", 2000)


def test_what_is_stored_is_read_back_the_same():
    made = declare(
        inputSchema=SCHEMA, label="Export", modes=["full", "delta"], needsFile=True, limits={"maxAttempts": 2}
    )
    read = row(made).job_type
    assert read.wire() == made.wire()
    assert read.limits == made.limits


def test_a_schema_alone_gets_a_form():
    (field,) = declare(inputSchema=SCHEMA).form["fields"]
    assert (field["key"], field["type"], field["constraints"]) == ("rows", "number", [{"type": "required"}])


def test_a_form_alone_gets_a_schema():
    form = {"fields": [{"key": "name", "type": "string"}]}
    assert declare(inputForm=form).source["properties"] == {"name": {"type": "string"}}


def test_with_neither_any_object_is_taken():
    assert declare().schema.check({"any": 1}) == []
    assert declare().schema.check([1]) != []


def test_a_schema_that_cannot_be_taken_is_refused_with_the_name_of_its_type():
    with pytest.raises(
        Refusals, match=r"workbook:export: inputSchema\.properties\.a\.pattern: is no pattern"
    ):
        declare(inputSchema={"type": "object", "properties": {"a": {"type": "string", "pattern": "(?=x)"}}})


def test_readers_see_whether_it_is_online():
    seen = type_wire(declare(), row(declare()), online=False)
    assert (seen["domain"], seen["operation"], seen["online"], seen["builtIn"]) == (
        "workbook",
        "export",
        False,
        False,
    )
    assert seen["updatedAt"] == "1970-01-01T00:00:02.000Z"
