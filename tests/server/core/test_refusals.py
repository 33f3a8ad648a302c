"""Several refusals of one call."""

from listener_sdk.protocol.codes import Refusal
from server.core.refusals import MOST_TOLD, Refusals


def test_the_first_that_no_repetition_mends_gives_the_status():
    full, bad, missing = (
        Refusal("queue_full", "f"),
        Refusal("invalid", "b", key="type"),
        Refusal("not_found", "m"),
    )
    found = Refusals([full, bad, missing])
    assert (found.code, found.key, found.error.status) == ("invalid", "type", 400)
    assert found.all == [full, bad, missing]


def test_else_the_first_does():
    assert (
        Refusals([Refusal("queue_full", "f"), Refusal("rate_limited", "r", retryAfterS=7)]).code
        == "queue_full"
    )


def test_no_more_than_a_thousand_are_told():
    assert len(Refusals([Refusal("invalid", "x")] * (MOST_TOLD + 1)).all) == MOST_TOLD
