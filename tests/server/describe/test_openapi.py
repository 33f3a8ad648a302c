"""The description of the routes: none is missing, and it is one that others can read."""

import json
import re

import pytest
from described import parts, whole

from listener_sdk.protocol.codes import ERRORS
from server.core.roles import PERMISSIONS
from server.describe.calls import CALLS
from server.describe.openapi import name_of, openapi
from server.web.parameters import TAKEN
from server.web.routes import AUTH, ROUTES, Route


def operations():
    return [(path, method, said) for path, item in whole()["paths"].items() for method, said in item.items()]


def test_every_route_is_described():
    described = {(method.upper(), path) for path, method, _ in operations()}
    assert described == {(route.method, route.path) for route in ROUTES}


def test_every_row_is_of_a_route():
    assert {name_of(route) for route in ROUTES} == set(CALLS)


def test_a_route_without_a_row_fails():
    async def unheard_of(call):
        raise NotImplementedError

    with pytest.raises(KeyError, match="unheard_of"):
        openapi([Route("GET", "/v1/x", unheard_of, "X.", "read")], {}, "1")


def test_it_is_openapi():
    validator = pytest.importorskip("openapi_spec_validator")
    validator.validate(json.loads(json.dumps(whole())))


def test_every_reference_leads_somewhere():
    text = json.dumps(whole())
    for place in set(re.findall(r'"\$ref": "#/([^"]+)"', text)):
        found = whole()
        for name in place.split("/"):
            found = found[name]
        assert found


def test_every_operation_has_a_name_of_its_own():
    names = [said["operationId"] for _, _, said in operations()]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z][A-Za-z0-9_]*", name) for name in names), names


def test_every_part_of_a_path_and_every_parameter_of_a_list_is_described():
    for path, method, said in operations():
        named = {(one["in"], one["name"]) for one in said.get("parameters", ()) if "name" in one}
        assert {name for kind, name in named if kind == "path"} == set(re.findall(r"\{(\w+)\}", path))
        if method == "get":
            taken = TAKEN.get(path.removeprefix("/vue/_api"), ())
            assert {("query", name) for name in taken} <= named, path


def test_every_operation_says_who_may_call_it():
    for _, _, said in operations():
        assert said["x-permission"] in {*PERMISSIONS, *AUTH}
        keyed = {"bearer": []} in said["security"]
        assert keyed is (said["x-permission"] != "public")
        assert said["description"]


def test_what_changes_something_takes_the_token_of_the_page_beside_a_cookie():
    for _, method, said in operations():
        for one in said["security"]:
            if "session" in one:
                assert ("page" in one) is (method != "get")


def test_every_error_stands_under_its_status():
    seen = set()
    for name in whole()["components"]["responses"]:
        status, *codes = name.split(".")
        assert {ERRORS[code].status for code in codes} == {int(status)}
        seen.update(codes)
    of_the_stream = {"unknown_frame", "hello_first", "bad_version", "subscription_taken"}
    elsewhere = {"no_route", "method_not_allowed"}
    assert set(ERRORS) - seen <= of_the_stream | elsewhere, set(ERRORS) - seen - of_the_stream - elsewhere


def test_no_key_is_asked_of_hooks_and_health():
    paths = whole()["paths"]
    for path, method in (("/v1/hooks/{id}", "post"), ("/healthz", "get")):
        assert paths[path][method]["security"] == []


def test_a_post_takes_an_idempotency_key_and_what_cannot_be_repeated_none():
    once = {"$ref": "#/components/parameters/Once"}
    paths = whole()["paths"]
    assert once in paths["/v1/jobs"]["post"]["parameters"]
    assert once not in paths["/v1/jobs"]["get"]["parameters"]
    assert once not in paths["/v1/sessions"]["post"].get("parameters", ())


def test_bodies_are_needed_where_a_field_is():
    paths = whole()["paths"]
    assert paths["/v1/jobs"]["post"]["requestBody"]["required"] is True
    assert paths["/v1/jobs/{id}/ack"]["post"]["requestBody"]["required"] is False


def test_a_generator_makes_a_function_of_every_call_that_takes_a_body():
    """Of one that takes any type alone it makes none, and of schemas that are alike or say nothing it cannot tell which is meant."""
    for path, _, said in operations():
        content = said.get("requestBody", {}).get("content", {})
        schemas = [one["schema"] for one in content.values()]
        assert list(content) != ["*/*"], path
        assert {} not in schemas
        assert all(schemas.count(one) == 1 for one in schemas), path


def test_a_call_of_a_hook_brings_bytes_or_what_hooks_read():
    content = whole()["paths"]["/v1/hooks/{id}"]["post"]["requestBody"]["content"]
    assert [*content] == [
        "application/octet-stream", "application/json", "application/x-www-form-urlencoded", "text/plain",
    ]  # fmt: skip
    assert content["application/octet-stream"]["schema"]["format"] == "binary"


def test_every_array_says_what_its_items_are():
    assert [name for name, one in parts(whole()) if one.get("type") == "array" and "items" not in one] == []


def test_no_two_classes_of_a_generated_client_have_one_name():
    schemas = whole()["components"]["schemas"]
    inline = [
        name for name, one in parts(schemas) if one.get("type") == "object" and one is not schemas.get(name)
    ]
    names = [*schemas, *inline]
    assert sorted(names) == sorted(set(names))


def test_refusals_are_of_one_class():
    for one in whole()["components"]["responses"].values():
        schema = one["content"]["application/json"]["schema"]
        assert schema["$ref"] == "#/components/schemas/Refused"
        assert schema["properties"]["errors"]["items"] == {"$ref": "#/components/schemas/Reason"}


def test_what_is_not_served_comes_last():
    assert [tag["name"] for tag in whole()["tags"]][-2:] == ["agents", "subscription"]
    assert whole()["tags"][0] == {"name": "jobs"}


def test_a_job_is_described_once():
    job = whole()["components"]["schemas"]["Job"]
    assert {"id", "status", "createdAt"} <= set(job["required"])
    assert job["properties"]["createdAt"] == {"format": "date-time", "type": "string"}
    assert "title" not in job
