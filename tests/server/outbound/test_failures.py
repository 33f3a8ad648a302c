"""Failures: whether they ask for another try."""

import pytest

from listener_sdk.protocol.codes import ERRORS
from server.outbound.failures import Failure


@pytest.mark.parametrize("code", ["unreachable", "timed_out", "bad_answer"])
def test_the_code_says_whether_to_try_again_unless_it_is_said(code):
    assert Failure(code, "why").retry is ERRORS[code].retry
    assert Failure(code, "why", retry=True).retry
    assert not Failure(code, "why", retry=False).retry


def test_a_failure_says_why_and_when_to_try_again():
    found = Failure("bad_answer", "It said no.", retry=True, retry_after_s=3)
    assert (str(found), found.message, found.retry_after_s) == ("It said no.", "It said no.", 3)
