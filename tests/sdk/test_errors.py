from datetime import UTC, datetime, timedelta

import pytest

from listener_sdk import errors
from listener_sdk.errors import (
    ApiError,
    Canceled,
    ConnectionFailed,
    CursorError,
    NotTickwire,
    Retry,
    TickwireError,
)


def test_every_error_but_canceled_is_a_tickwire_error_and_stands_in_the_tree():
    found = [
        value
        for value in vars(errors).values()
        if isinstance(value, type) and value.__module__ == errors.__name__
    ]
    for kind in found:
        assert issubclass(kind, TickwireError) or kind is Canceled
        assert kind.__name__ in errors.__doc__
        assert kind.__doc__


def test_an_except_exception_does_not_swallow_canceled():
    assert not issubclass(Canceled, Exception)


def test_a_code_brings_its_status_and_whether_a_retry_can_help():
    full = ApiError.of_code("queue_full", "Too many.", job="x", sub=None)
    assert (full.status, full.may_retry, full.errors) == (
        429, True, [{"code": "queue_full", "message": "Too many.", "job": "x"}],
    )  # fmt: skip
    assert ApiError.of_code("of_the_future", "What?").status == 400
    assert ApiError(502, "http_502", "bad gateway").may_retry
    assert not ApiError(404, "not_found", "no").may_retry


def test_as_text_an_error_tells_all_that_was_wrong_within_bounds():
    def of(count, length=1):
        every = [{"code": "invalid", "message": f"p{number}{'x' * length}."} for number in range(count)]
        return ApiError(400, "invalid", every[0]["message"], every)

    assert (str(of(1)), str(of(2)), of(2).message) == ("p0x.", "p0x. p1x.", "p0x.")
    assert str(of(12)).endswith("p9x. And 2 more.")
    assert len(str(of(12, 5_000))) < 5_000
    assert str(ApiError(400, "invalid", "a", [{"message": "a"}, {"message": "a"}, "odd"])) == "a"


def test_a_cursor_error_says_where_the_log_begins_and_ends():
    lost = CursorError("cursor_too_old", "Gone.", oldest="e:5", head="e:9")
    assert (lost.status, lost.code, lost.oldest, lost.head) == (410, "cursor_too_old", "e:5", "e:9")


@pytest.mark.parametrize(
    "times",
    [
        {"after": timedelta(1), "at": datetime(2030, 1, 1, tzinfo=UTC)},
        {"after": timedelta(seconds=-1)},
        {"after": timedelta.max},
        {"after": -1},
        {"after": -0.5},
        {"after": float("nan")},
        {"after": float("inf")},
        {"after": 10**400},
        {"at": datetime.max.replace(tzinfo=UTC)},
    ],
)
def test_retry_refuses_times_that_make_no_sense(times):
    with pytest.raises(ValueError, match="Retry"):
        Retry("later", **times)


@pytest.mark.parametrize(
    ("after", "seconds"),
    [(1, 1), (0.5, 0.5), (0, 0), (timedelta(minutes=2), 120), (366 * 86400, 366 * 86400)],
)
def test_retry_takes_seconds_or_a_timedelta(after, seconds):
    assert Retry("later", after=after).after == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("times", "message"),
    [
        ({"after": "1h"}, r"^Retry\(after=\.\.\.\) takes seconds or a timedelta, not '1h'$"),
        ({"after": True}, "not True"),
        ({"after": datetime(2030, 1, 1, tzinfo=UTC)}, "takes seconds or a timedelta"),
        ({"after": "x" * 10_000}, "not 'x{79}$"),
        ({"at": 60}, r"^Retry\(at=\.\.\.\) takes a datetime, not 60; after= takes seconds"),
        ({"at": "tomorrow"}, "takes a datetime"),
    ],
)
def test_retry_says_at_once_what_is_no_time(times, message):
    with pytest.raises(TypeError, match=message):
        Retry("later", **times)


def test_retry_takes_no_time_that_could_be_of_any_zone():
    with pytest.raises(ValueError, match=r"Retry\(at=\.\.\.\) takes a time with a zone"):
        Retry("later", at=datetime(2030, 1, 1))


def test_another_server_is_no_connection_and_says_what_came_from_where():
    found = NotTickwire("http://h/v1/whoami", "text/html")
    assert isinstance(found, ConnectionFailed)
    assert not found.unreached
    assert (
        str(found)
        == "This is not a Tickwire server (got text/html from http://h/v1/whoami): check TICKWIRE_URL."
    )
