"""Every route of the table: without key, with a wrong one, with unknown ids, bad bodies and wrong methods."""

import json
import re

import pytest

from server.web.routes import ROUTES

UNKNOWN = {
    "/v1/jobs": "us_jb_00000zzzzz",
    "/v1/events": "us_ev_00000zzzzz",
    "/v1/files": "us_fl_00000zzzzz",
    "/v1/keys": "us_key_00000zzzzz",
    "/v1/secrets": "us_sec_00000zzzzz",
    "/v1/members": "us_mem_00000zzzzz",
    "/v1/environments": "us_env_elsewhere",
    "/v1/spaces": "us_sp_elsewhere",
    "/v1/job-types": "nobody:declared",
    "/v1/job-definitions": "us_def_00000zzzzz",
    "/v1/actions": "us_ac_00000zzzzz",
    "/v1/schedules": "us_sch_00000zzzzz",
    "/v1/runs": "us_jb_00000zzzzz",
    "/v1/hooks": "us_hk_00000zzzzz",
    "/v1/hook-deliveries": "us_hd_00000zzzzz",
    "/v1/endpoints": "us_ep_00000zzzzz",
    "/v1/endpoint-deliveries": "us_msg_00000zzzzz",
    "/v1/listeners": "us_lsn_00000zzzzz",
}
ODD_IDS = [
    "x",
    "us_jb_",
    "us_ev_0000000001x",
    "%00",
    "%ED%A0%80",
    "%FF",
    "..%2F..%2Fetc",
    "9" * 300,
    "%0A",
    "us_jb_000000000u",
]
NAME = re.compile(r"\{\w+\}")
"""What a path names: an id, or a code."""
WITH_ID = [route for route in ROUTES if NAME.search(route.path)]
GUARDED = [route for route in ROUTES if route.auth not in {"public", "stream"}]
NOT_SERVED = [route for route in ROUTES if route.summary.startswith("Of Flatfile's API")]
OF_ANY_KIND = {"/v1/files", "/v1/hooks/{id}"}
"""Routes that may be sent more than JSON."""
READ_BODY = [
    route
    for route in ROUTES
    if route.method in {"POST", "PATCH", "PUT"} and route.path not in OF_ANY_KIND and route not in NOT_SERVED
]
LARGER_BODIES = {"/v1/jobs/bulk"}
"""Routes whose bodies may be larger than those of others."""
LISTS = {"fieldMapping": [], "unmappedSourceFields": [], "unmappedDestinationFields": []}
BODIES = {
    "/v1/jobs/{id}/split": {"parts": 2},
    "/v1/jobs/{id}/plan": {"fileId": "us_fl_1", "jobId": UNKNOWN["/v1/jobs"], **LISTS},
    "/v1/job-definitions/{code}": {"jobDefinition": {}},
    "/vue/_api/v1/job-definitions/{code}": {"jobDefinition": {}},
    "/v1/job-definitions/{code}/schedules": {"cron": "0 9 * * *"},
    "/v1/endpoints/{id}/replay": {"since": "2026-01-01T00:00:00Z"},
    "/v1/endpoints/{id}/replay-missed": {"since": "2026-01-01T00:00:00Z"},
    "/v1/subscriptions/{name}/acked": {"position": "e:1"},
    "/v1/job-definitions/{code}/watermark": {"value": "a"},
    "/vue/_api/v1/job-definitions/{code}/watermark": {"value": "a"},
}
"""What routes need that take no empty body."""


def address(route, id_=None):
    ours = route.path.replace("/vue/_api/v1", "/v1")
    unknown = next((id_ for start, id_ in UNKNOWN.items() if ours.startswith(start)), "x")
    return NAME.sub(id_ or unknown, route.path)


def test_each_route_stands_once_and_is_described():
    assert len({(route.method, route.path) for route in ROUTES}) == len(ROUTES)
    for route in ROUTES:
        assert route.summary.endswith(".")


async def test_no_guarded_route_answers_without_a_valid_key(server):
    wrong = server.key[:-1] + ("0" if server.key[-1] != "0" else "1")
    for route in GUARDED:
        for key in (None, wrong, "x", "tw_0000000000_" + "0" * 64):
            answer = await server.call(route.method, address(route), key=key, raw=b"{}")
            assert answer.status in {401, 429}, route
            assert answer.error["code"] in {"unauthorized", "rate_limited"}
            assert "WWW-Authenticate" in answer.headers or "Retry-After" in answer.headers


async def test_unknown_and_odd_ids_are_not_found(server):
    for route in WITH_ID:
        sends = route.method in {"POST", "PATCH", "PUT"}
        body = json.dumps(BODIES.get(route.path, {})).encode() if sends else None
        for id_ in (None, *ODD_IDS):
            answer = await server.call(route.method, address(route, id_), raw=body)
            assert answer.status == 404, (route, id_, answer.raw)
            assert answer.error["code"] in {"not_found", "not_supported", "no_route"}


@pytest.mark.parametrize(
    "raw",
    [b"{", b"[]", b'"x"', b"NaN", b'{"a":1,"a":2}', b'{"x":"\\u0000"}', b"\xff", b"[" * 5000, b'{"a":' * 40 + b"1" + b"}" * 40],
)  # fmt: skip
async def test_bodies_that_are_no_json_object_are_refused(server, raw):
    job = await server.job(trigger="manual")
    for route in READ_BODY:
        known = job["id"] if "/jobs/" in route.path else "default" if "/spaces/" in route.path else None
        path = address(route, known)
        answer = await server.call(route.method, path, raw=raw)
        assert answer.status == 400, (route, answer.raw)
        assert answer.error["code"] in {"bad_json", "bad_request"}


async def test_bodies_that_are_too_large_are_refused(server):
    for route in (route for route in READ_BODY if route.path not in LARGER_BODIES):
        answer = await server.call(route.method, address(route), raw=b'"' + b"x" * (1024 * 1024) + b'"')
        assert answer.status == 413 or (answer.status == 404 and NAME.search(route.path)), route
    answer = await server.call("POST", "/v1/jobs", raw=b'"' + b"x" * (1024 * 1024) + b'"')
    assert answer.error["code"] == "too_large"


async def test_a_body_without_end_is_refused_when_it_is_over_the_limit(server):
    async def endless():
        while True:
            yield b"x" * 65536

    answer = await server.call("POST", "/v1/jobs", raw=endless())
    assert answer.status == 413


async def test_wrong_methods_say_which_are_possible(server):
    paths = {route.path for route in ROUTES}
    for path in paths:
        methods = {route.method for route in ROUTES if route.path == path}
        answer = await server.call("TRACE", NAME.sub("x", path))
        assert answer.status == 405
        assert answer.error["code"] == "method_not_allowed"
        assert methods <= set(answer.headers["Allow"].split(", "))


@pytest.mark.parametrize(
    "path",
    ["/", "/v1", "/v1/", "/v1/job", "/v1/jobs/", "//v1/jobs", "/v1/jobs/a/b/c", "/V1/jobs", "/%00", "/%ff"],
)
async def test_unknown_paths_are_not_found(server, path):
    answer = await server.call("GET", path)
    assert answer.status == 404
    assert answer.error["code"] == "no_route"


async def test_a_name_with_nul_in_it_is_nobody_s(server):
    made = {"jobDefinitionCode": "nightly", "jobType": "noop"}
    await server.call("POST", "/v1/job-definitions", {"jobDefinition": made})
    for method in ("GET", "DELETE"):
        answer = await server.call(method, "/v1/job-definitions/nightly%00x")
        assert (answer.status, answer.error["code"]) == (404, "not_found")
        assert "NUL" in answer.error["message"]


async def test_parts_of_flatfile_that_are_not_served_say_so(server):
    for route in NOT_SERVED:
        answer = await server.call(route.method, address(route), raw=b"{}")
        assert answer.error["code"] == "not_supported", route


async def test_head_answers_as_get_without_a_body(server):
    for path in ("/v1/jobs", "/v1/events", "/v1/whoami", "/healthz"):
        answer = await server.call("HEAD", path)
        assert (answer.status, answer.raw) == (200, b"")
        assert int(answer.headers["Content-Length"]) > 0


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "gzip, identity", "x"])
async def test_compressed_bodies_are_refused_unread(server, encoding):
    for path in ("/v1/jobs", "/v1/files?name=x"):
        answer = await server.call("POST", path, raw=b"{}", headers={"Content-Encoding": encoding})
        assert (answer.status, answer.error["code"]) == (415, "unsupported_encoding")
