"""The built-in job types as data."""

import pytest
from defined import define
from stage import ADMIN

from listener_sdk.protocol.job_types import JobTypeDeclare
from listener_sdk.protocol.secrets import SecretWrite
from server.commands.built_in import BUILT_IN, KINDS
from server.commands.secrets import SET_SECRET, SetSecret
from server.core.built_in import CODES, NAMES
from server.core.refusals import Refusals
from server.core.schemas import compiled

EXAMPLE = {
    "url": "https://api.example.com/_query_",
    "method": "POST",
    "headers": {"Content-Type": "application/json"},
    "body": {"searchTerms": "running shoe"},
    "searchParams": {"limit": 10, "tags": ["a", 1, 1.5, True], "none": None},
}
GOOD = [
    ("callWebserviceEndpoint", EXAMPLE),
    ("callWebserviceEndpoint", {"url": "http://a", "body": "text", "timeoutS": 1, "maxResponseBytes": 0}),
    ("callWebserviceEndpoint", {"url": "http://a", "body": [1, None], "timeoutS": 0.5}),
    ("callWebserviceEndpoint", {"url": "https://ada:pass@a/"}),
    ("downloadDataFile", {"url": "https://a/b.csv", "sha256": "A" * 64, "md5": None, "idleS": 5, "fileName": "b.csv"}),
    ("publishEvent", {"topic": "invoice:paid"}),
    ("publishEvent", {
        "topic": "invoice:paid", "payload": {"n": 1}, "context": {"any": "thing", "slugs": {"space": "s"}},
        "attributes": {"targetUpdatedAt": "2026-11-21T12:00:00.000Z"}, "origin": {"id": "x"}, "namespaces": ["a"],
    }),
    ("noop", {}),
    ("noop", {"echo": [1, {"a": None}], "seconds": 0.25}),
]  # fmt: skip
BAD = [
    ("callWebserviceEndpoint", {}, {"params.url"}),
    ("callWebserviceEndpoint", {"url": 1, "method": "get", "timeoutS": "30"}, {"params.url", "params.method", "params.timeoutS"}),
    ("callWebserviceEndpoint", {"url": "http://a", "search_params": {}}, {"params.search_params"}),
    ("callWebserviceEndpoint", {"url": "http://a", "timeoutS": 0}, {"params.timeoutS"}),
    ("callWebserviceEndpoint", {"url": "http://a", "maxResponseBytes": 2**21}, {"params.maxResponseBytes"}),
    ("callWebserviceEndpoint", {"url": "http://a", "searchParams": {"a": [None]}}, {"params.searchParams.a[0]"}),
    ("callWebserviceEndpoint", {"url": "http://a", "headers": {"Host": "b"}}, {"params.headers"}),
    ("callWebserviceEndpoint", {"headers": {"Host": "b"}}, {"params.url", "params.headers"}),
    ("downloadDataFile", {"url": "http://a", "sha256": "abc", "fileName": "a/b"}, {"params.sha256", "params.fileName"}),
    ("downloadDataFile", {"url": "http://a", "fileName": ""}, {"params.fileName"}),
    ("publishEvent", {"topic": "job:ready"}, {"params.topic"}),
    ("publishEvent", {"topic": "no topic", "extra": 1}, {"params.topic", "params.extra"}),
    ("noop", {"seconds": -1}, {"params.seconds"}),
    ("noop", [], {"params"}),
]  # fmt: skip


def test_they_are_the_ones_that_the_domain_names():
    assert tuple(KINDS) == CODES
    assert tuple(one.name for one in KINDS.values()) == NAMES
    assert {one.code for one in KINDS.values() if one.takes_secrets} == set(CODES[:2])


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_each_could_be_declared(kind):
    declared = JobTypeDeclare(
        name=kind.name,
        code=kind.code,
        label=kind.label,
        description=kind.description,
        input_schema=kind.input_schema,
        modes=list(kind.modes),
        limits=kind.limits,
    )
    assert declared.code == kind.code
    assert kind.input_schema["additionalProperties"] is False
    assert all(field["title"] for field in kind.input_schema["properties"].values())


@pytest.mark.parametrize(("code", "params"), GOOD)
def test_what_the_model_takes_the_schema_takes(code, params):
    kind = KINDS[code]
    assert compiled(kind.input_schema).check(params) == []
    taken = kind.checked(params).model_dump(mode="json", by_alias=True, exclude_unset=True)
    assert {name: taken[name] for name in params} == params
    assert kind.checked(compiled(kind.input_schema).filled(params)) == kind.checked(params)


@pytest.mark.parametrize(("code", "params", "places"), BAD)
def test_all_problems_are_told_each_with_its_place(code, params, places):
    with pytest.raises(Refusals) as caught:
        KINDS[code].checked(params)
    assert {one.key for one in caught.value.all} == places
    assert len(caught.value.all) == len(places)
    assert {one.code for one in caught.value.all} == {"invalid"}
    assert all(one.message.startswith(one.key) for one in caught.value.all)


@pytest.mark.parametrize(("code", "params"), GOOD)
def test_callers_may_give_what_the_model_takes(code, params):
    assert KINDS[code].problems(params) == []


@pytest.mark.parametrize(("code", "params", "places"), BAD)
def test_callers_are_told_the_same(code, params, places):
    found = KINDS[code].problems(params)
    assert {one.path for one in found} == places
    assert len(found) == len(places)


@pytest.mark.parametrize("code", ["callWebserviceEndpoint", "downloadDataFile"])
@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("ftp://x", "with http or https"),
        ("nothing", "with http or https"),
        ("http://a b", "percent-encoded"),
        ("http://x:0/", "port 0"),
        ("http://[::1", "cannot be called"),
        ("http://" + "x" * 300, "neither a name nor an address"),
        ("http://a/" + "x" * 8_192, "8192 characters"),
    ],
)
def test_an_address_that_cannot_be_called_is_told(code, url, words):
    [found] = KINDS[code].problems({"url": url})
    assert found.path == "params.url"
    assert words in found.message
    assert KINDS[code].problems({"url": url}, unknown=[("url",)]) == []


def test_places_that_are_not_known_yet_are_passed_over():
    params = {"url": "ftp://x", "headers": {"A": "{{ event.a }}\n", "B": "b"}, "method": "FOO"}
    found = KINDS["callWebserviceEndpoint"].problems(params, unknown=[("headers", "A")])
    assert {one.path for one in found} == {"params.url", "params.method"}
    assert KINDS["publishEvent"].problems({"topic": "{{ hook.topic }}"}, unknown=[("topic",)]) == []


def test_nothing_given_is_an_empty_object():
    assert KINDS["noop"].checked(None).echo is None


def test_what_forms_call_the_fields():
    fields = KINDS["callWebserviceEndpoint"].input_schema["properties"]
    assert [fields[name]["title"] for name in ("url", "searchParams", "timeoutS")] == [
        "URL",
        "Search params",
        "Timeout (seconds)",
    ]


def test_they_are_described_as_all_job_types_are():
    assert list(BUILT_IN) == list(KINDS)
    found = BUILT_IN["callWebserviceEndpoint"]
    assert (found.built_in, found.name, found.modes) == (True, "system:callWebserviceEndpoint", ("full",))
    assert [field["key"] for field in found.form["fields"]] == [
        "url",
        "method",
        "timeoutS",
        "maxResponseBytes",
    ]
    seen = found.wire()
    assert (seen["builtIn"], seen["domain"], seen["limits"]) == (True, "system", {"runTimeoutS": 3660.0})
    assert seen["inputSchema"]["required"] == ["url"]


@pytest.mark.parametrize("name", ["x" * 249, "x" * 250, "x" * 257])
def test_a_parameter_that_is_not_taken_is_told_once_however_long_its_name_is(name):
    [found] = KINDS["noop"].problems({name: 1})
    assert "is not taken here" in found.message
    with pytest.raises(Refusals) as caught:
        KINDS["noop"].checked({name: 1})
    assert len(caught.value.all) == 1


async def test_a_type_whose_jobs_would_show_secrets_takes_none(stage):
    await stage.do(SET_SECRET, SetSecret(ADMIN, SecretWrite(name="token", value="abcdef"), stage.node.sealer))
    own = {
        "noop": {"echo": ["{{ secrets.token }}"]},
        "publishEvent": {"topic": "a:b", "payload": {"x": "-{{ secrets.token }}-"}},
    }
    for code, params in own.items():
        fields = {"jobDefinitionCode": code, "jobType": code}
        with pytest.raises(Refusals) as caught:
            await define(stage, params=params, **fields)
        [[place, message]] = [(one.key, one.message) for one in caught.value.all]
        assert place in {"params.echo[0]", "params.payload.x"}
        assert f"{code} takes no secrets" in message
        plain = {} if code == "noop" else {"topic": "a:b"}
        trigger = {"topic": "c:d", "params": params}
        with pytest.raises(Refusals) as caught:
            await define(stage, params=plain, triggers=[trigger], **fields)
        assert [one.key for one in caught.value.all] == [f"triggers[0].{place}"]
