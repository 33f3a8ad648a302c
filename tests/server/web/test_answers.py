"""Answers to errors: one shape, the right status, and nothing of the inside."""

import json

import pytest
from aiohttp import web

from listener_sdk.protocol.codes import ERRORS, Refusal
from server.core.refusals import Refusals
from server.store.database import DiskFullError, StoreError
from server.web.answers import data, error_answer


def read(response):
    assert response.headers["Content-Type"] == "application/json"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    return response.status, json.loads(response.body)


@pytest.mark.parametrize("code", sorted(ERRORS))
def test_every_refusal_has_its_status_and_the_one_shape(code):
    status, body = read(error_answer(Refusal(code, "what and how", key="field")))
    assert status == ERRORS[code].status
    assert body == {"errors": [{"key": "field", "message": "what and how", "code": code}]}


@pytest.mark.parametrize("code", sorted(row.code for row in ERRORS.values() if row.status == 429))
def test_who_must_wait_is_told_how_long(code):
    assert error_answer(Refusal(code, "x")).headers["Retry-After"] == "1"
    assert error_answer(Refusal(code, "x", retryAfterS=7)).headers["Retry-After"] == "7"


def test_several_refusals_stand_together():
    status, body = read(
        error_answer(Refusals([Refusal("invalid", "a", key="a"), Refusal("invalid", "b", key="b")]))
    )
    assert status == 400
    assert [error["key"] for error in body["errors"]] == ["a", "b"]


def test_a_store_that_is_away_is_worth_a_retry_and_a_full_disk_is_named():
    away = error_answer(StoreError("away"))
    assert (read(away)[0], away.headers["Retry-After"]) == (503, "1")
    assert read(error_answer(DiskFullError("full")))[0] == 507


def test_headers_of_a_refusal_follow_from_what_it_says():
    busy = error_answer(Refusal("unavailable", "full"))
    assert (busy.status, busy.headers["Retry-After"]) == (503, "1")
    assert error_answer(Refusal("rate_limited", "wait", retryAfterS=7)).headers["Retry-After"] == "7"
    assert error_answer(Refusal("bad_range", "none", size=5)).headers["Content-Range"] == "bytes */5"


def test_what_nobody_foresaw_tells_nothing_of_the_inside():
    status, body = read(error_answer(ValueError("the secret inside")))
    assert (status, body["errors"][0]["code"]) == (500, "internal")
    assert "inside" not in str(body)


def test_aiohttps_own_errors_get_the_one_shape():
    status, body = read(error_answer(web.HTTPNotFound(), "/v1/workbooks"))
    assert "begins with /v1" not in body["errors"][0]["message"]
    assert "routes.md" in body["errors"][0]["message"]
    status, body = read(error_answer(web.HTTPNotFound(), "/jobs"))
    assert "begins with /v1" in body["errors"][0]["message"]
    assert (status, body["errors"][0]["code"]) == (404, "no_route")
    wrong = error_answer(web.HTTPMethodNotAllowed("PUT", {"POST", "GET"}))
    assert (wrong.status, wrong.headers["Allow"]) == (405, "GET, POST")
    assert read(wrong)[1]["errors"][0]["message"] == "PUT is not possible here; GET and POST are."
    wrong = read(error_answer(web.HTTPMethodNotAllowed("PUT", {"GET"})))[1]["errors"][0]
    assert wrong["message"] == "PUT is not possible here; GET is."
    assert (
        read(error_answer(web.HTTPRequestEntityTooLarge(max_size=1, actual_size=2)))[1]["errors"][0]["code"]
        == "too_large"
    )
    assert read(error_answer(web.HTTPExpectationFailed()))[0] == 417
    assert read(error_answer(web.RequestPayloadError("x")))[0] == 400


def test_what_a_websocket_needs_to_know_is_kept():
    error = web.HTTPBadRequest(headers={"Sec-WebSocket-Version": "13", "Content-Type": "text/plain"})
    assert error_answer(error).headers["Sec-WebSocket-Version"] == "13"


def test_data_stands_in_its_envelope():
    assert read(data([1], cursor=None)) == (200, {"data": [1], "cursor": None})
