"""A repeated call is answered once: in the batch, later, with another body, and after a day."""

import pytest
from stage import START_MS

from listener_sdk.protocol.codes import Refusal
from server.store.command import Once, Replayed
from server.store.idempotency import KEPT_MS, once_only, prune
from server.store.transaction import NewEvent


def once(key="k", scope="s", body="h"):
    return Once(scope, key, body, lambda result: f"stored {result}")


@pytest.fixture
def call(begin, connection):
    """Do something under a key in a batch of its own; the answer, and how often it was done."""
    done = []

    def run(key, result="result", now=START_MS):
        tx = begin(now)

        def act():
            done.append(result)
            return result

        try:
            answer = once_only(tx, key, act)
            tx.finish()
        except Refusal:
            connection.rollback()
            raise
        connection.commit()
        return answer

    run.done = done
    return run


def test_a_new_key_is_done(call):
    assert call(once()) == "result"
    assert call.done == ["result"]


@pytest.mark.parametrize("placed", [True, False])
def test_an_answer_that_tells_places_is_made_when_they_are_known(begin, placed):
    tx = begin(START_MS)
    event = tx.append(NewEvent(1, "a:b", None, terminal=False, body={"topic": "a:b"}))
    promise = Once("s", "k", "h", lambda found: str(found.seq))
    once_only(tx, promise, lambda: event, placed=placed)
    tx.finish()
    assert event.seq == 1
    stored = tx.rows("SELECT answer FROM idempotency")
    assert stored == [("1" if placed else "0",)]


def test_a_known_key_is_answered_from_the_store(call):
    call(once())
    assert call(once(), "other") == Replayed("stored result")
    assert call.done == ["result"]


def test_a_key_is_known_to_its_scope_alone(call):
    call(once(scope="a"))
    assert call(once(scope="b"), "other") == "other"
    assert call(once("k2", scope="a"), "third") == "third"


def test_another_body_is_refused(call):
    call(once())
    with pytest.raises(Refusal) as caught:
        call(once(body="other"))
    assert (caught.value.code, caught.value.error.status) == ("idempotency_mismatch", 422)
    assert "new key" in caught.value.message
    assert call.done == ["result"]


def test_a_repetition_in_the_same_batch_gets_the_same_result(begin, connection):
    tx = begin()
    first = once_only(tx, once(), lambda: ["a result"])
    assert once_only(tx, once(), lambda: pytest.fail("done twice")) is first
    with pytest.raises(Refusal, match="another body"):
        once_only(tx, once(body="other"), lambda: pytest.fail("done with another body"))
    tx.finish()
    connection.commit()
    assert connection.rows("SELECT COUNT(*) FROM idempotency") == [(1,)]


def test_a_key_is_kept_for_a_day(call):
    assert KEPT_MS == 24 * 3600 * 1000
    call(once())
    assert call(once(), "late", START_MS + KEPT_MS - 1) == Replayed("stored result")
    assert call(once(body="other"), "new", START_MS + KEPT_MS) == "new"
    assert call(once(body="other"), "again", START_MS + KEPT_MS + 1) == Replayed("stored new")


def test_what_was_refused_may_be_tried_again(begin, connection, call):
    def refuse():
        raise Refusal("conflict", "not now")

    tx = begin()
    with pytest.raises(Refusal, match="not now"):
        once_only(tx, once(), refuse)
    tx.finish()
    connection.commit()
    assert call(once(), "now") == "now"


def test_nothing_is_kept_of_what_was_rolled_back(begin, connection, call):
    tx = begin()
    once_only(tx, once(), lambda: "lost")
    tx.finish()
    connection.rollback()
    assert call(once(), "kept") == "kept"


def test_the_answer_is_made_when_the_result_is_whole(begin, connection, call):
    result = {"place": None}
    tx = begin()
    once_only(tx, once(), lambda: result)
    tx.at_last(lambda: result.update(place="too late"))
    result["place"] = 7
    tx.finish()
    connection.commit()
    assert call(once()) == Replayed("stored {'place': 7}")


def test_expired_keys_are_removed_a_page_at_a_time(begin, connection, call):
    for number in range(5):
        call(once(f"old-{number}"), now=START_MS + number)
    call(once("young"), now=START_MS + KEPT_MS)
    tx = begin(START_MS + KEPT_MS + 3)
    assert [prune(tx, 3), prune(tx, 3), prune(tx, 3)] == [3, 1, 0]
    tx.finish()
    connection.commit()
    assert connection.rows("SELECT idem_key FROM idempotency ORDER BY created_at") == [("old-4",), ("young",)]
