from datetime import UTC, datetime, timedelta

import pytest

from listener_sdk import errors
from listener_sdk.errors import ApiError, Canceled, CursorError, Retry, TickwireError


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


def test_a_cursor_error_says_where_the_log_begins_and_ends():
    lost = CursorError("cursor_too_old", "Gone.", oldest="e:5", head="e:9")
    assert (lost.status, lost.code, lost.oldest, lost.head) == (410, "cursor_too_old", "e:5", "e:9")


@pytest.mark.parametrize(
    "times",
    [
        {"after": timedelta(1), "at": datetime(2030, 1, 1, tzinfo=UTC)},
        {"after": timedelta(seconds=-1)},
        {"after": timedelta.max},
        {"at": datetime.max.replace(tzinfo=UTC)},
    ],
)
def test_retry_refuses_times_that_make_no_sense(times):
    with pytest.raises(ValueError, match="Retry"):
        Retry("later", **times)
