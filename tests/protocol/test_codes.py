"""Error and close codes: stable names, statuses that HTTP knows, ranges that say retry or stop."""

import re
from http import HTTPStatus

import pytest

from listener_sdk.protocol.codes import CLOSES, CLOSES_BY_CODE, ERRORS, Refusal, may_reconnect


@pytest.mark.parametrize("error", ERRORS.values(), ids=ERRORS)
def test_an_error_has_a_stable_name_a_status_and_a_meaning(error):
    assert ERRORS[error.code] is error
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*", error.code)
    assert HTTPStatus(error.status) >= HTTPStatus.BAD_REQUEST
    assert error.meaning.endswith(".")


def test_only_what_may_pass_by_itself_is_tried_again():
    assert {error.status for error in ERRORS.values() if error.retry} == {429, 500, 502, 503, 504, 507}
    assert all(error.retry for error in ERRORS.values() if error.status in {429, 500, 503, 507})


@pytest.mark.parametrize("close", CLOSES.values(), ids=CLOSES)
def test_a_close_code_lies_in_the_range_that_says_what_to_do(close):
    assert CLOSES_BY_CODE[close.code] is close
    assert may_reconnect(close.code) is close.reconnect
    if close.code >= 4000:
        assert 4000 <= close.code < 5000
        stops = close.code >= 4400
        assert close.reconnect is not stops


@pytest.mark.parametrize(
    ("code", "expected"),
    [(None, True), (1000, True), (1006, True), (1011, True), (4399, True), (4400, False), (4999, False), (5000, True)],
)  # fmt: skip
def test_unknown_close_codes_follow_their_range(code, expected):
    assert may_reconnect(code) is expected


def test_a_refusal_is_what_stands_in_an_error_body():
    refusal = Refusal("illegal_move", "The job has ended.", key="status", status="complete")
    assert refusal.error is ERRORS["illegal_move"]
    assert str(refusal) == "The job has ended."
    assert refusal.as_wire() == {
        "key": "status",
        "message": "The job has ended.",
        "code": "illegal_move",
        "status": "complete",
    }


def test_a_refusal_without_a_key_leaves_it_out():
    assert Refusal("not_found", "No such job.").as_wire() == {"message": "No such job.", "code": "not_found"}


def test_a_refusal_has_a_code_of_the_table():
    with pytest.raises(KeyError):
        Refusal("no_such_code", "?")
