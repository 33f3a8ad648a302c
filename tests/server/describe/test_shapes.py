"""How calls are written down."""

from listener_sdk.protocol.jobs import Job, JobAck, JobCreate
from server.describe.shapes import JSON, bare, done, file, listed, many, named, one


def schema(shape):
    return shape.answers[200][JSON]


def test_one_thing_stands_in_data():
    shape = one(Job, "cycle", takes=JobCreate)
    assert schema(shape) == {"type": "object", "required": ["data"], "properties": {"data": Job}}
    assert shape.takes == {JSON: JobCreate}
    assert shape.refuses == ("cycle",)


def test_a_list_leads_to_its_next_page():
    properties = schema(many(Job, beside=("pagination",)))["properties"]
    assert properties["data"] == {"type": "array", "items": Job}
    assert set(properties) == {"data", "cursor", "asOf", "pagination"}
    assert schema(many(Job))["required"] == ["data"]


def test_a_body_is_needed_where_it_has_a_field_that_is():
    assert one(Job, takes=JobCreate).needs_body
    assert not one(Job, takes=JobAck).needs_body
    assert bare(Job, takes=listed(JobCreate)).needs_body
    assert not done().needs_body


def test_envelopes_of_other_names_and_none():
    assert schema(named("job", Job))["required"] == ["job"]
    assert schema(bare(Job)) is Job


def test_files_have_their_types():
    assert set(file(types=("text/csv", "text/plain")).answers[200]) == {"text/csv", "text/plain"}
