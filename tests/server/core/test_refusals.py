"""Several refusals of one call."""

from listener_sdk.protocol.codes import Refusal
from server.core.refusals import MOST_TOLD, Refusals, missing


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


def test_what_is_missing_is_shown_and_looked_for_behind_the_wall():
    refusal = missing("job", "us_jb_1", "parentId")
    assert (refusal.code, refusal.key, refusal.named) == ("not_found", "parentId", "us_jb_1")
    assert refusal.message == "There is no job us_jb_1 in this space."
    assert missing("space", "acme", named="us_sp_acme").named == "us_sp_acme"
