"""The life of a job: what the table must hold, whatever its rows."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.lifecycle import (
    FINAL,
    NEXT,
    TERMINAL_TOPIC,
    Move,
    Status,
    diagram,
    illegal,
    is_final,
    next_status,
)

PAIRS = [(status, move) for status in Status for move in Move]


def reachable(start):
    found, pending = {start}, [start]
    while pending:
        here = pending.pop()
        after = {then for (status, _), then in NEXT.items() if status is here} - found
        found |= after
        pending.extend(after)
    return found


def test_the_statuses_are_flatfiles():
    assert {status.value for status in Status} == {
        "created", "planning", "scheduled", "ready", "executing", "waiting", "complete", "failed", "canceled",
    }  # fmt: skip


def test_every_status_is_reached_from_created():
    assert reachable(Status.CREATED) == set(Status)


@pytest.mark.parametrize("status", [status for status in Status if status not in FINAL])
def test_from_every_open_status_all_ends_are_reached(status):
    assert reachable(status) >= FINAL


@pytest.mark.parametrize("status", [status for status in Status if status not in FINAL])
def test_every_open_job_can_be_canceled(status):
    assert next_status(status, Move.CANCEL) is Status.CANCELED
    assert not is_final(status)


@pytest.mark.parametrize("status", sorted(FINAL))
def test_nothing_leaves_a_final_status(status):
    assert is_final(status)
    assert not any(current is status for current, _ in NEXT)
    assert reachable(status) == {status}


def test_every_move_is_somewhere_legal():
    assert {move for _, move in NEXT} == set(Move)


def test_only_an_executing_job_completes():
    assert [status for status, move in NEXT if move is Move.COMPLETE] == [Status.EXECUTING]


def test_every_final_status_has_its_own_terminal_topic():
    assert set(TERMINAL_TOPIC) == FINAL
    assert len(set(TERMINAL_TOPIC.values())) == len(FINAL)


@pytest.mark.parametrize(("status", "move"), PAIRS)
def test_a_move_is_in_the_table_or_refused_by_name(status, move):
    if (status, move) in NEXT:
        assert next_status(status.value, move) is NEXT[status, move]
        return
    with pytest.raises(Refusal) as caught:
        next_status(status.value, move)
    refusal = caught.value
    assert (refusal.code, refusal.key, refusal.details) == (
        "illegal_move",
        "status",
        {"status": status.value},
    )
    assert refusal.error.status == 409
    assert status.value in refusal.message
    assert move.value in refusal.message


def test_a_refusal_says_what_is_possible():
    assert "it allows: cancel, make ready, plan, schedule, wait" in illegal("created", Move.ACK).message
    assert "it has ended" in illegal("complete", Move.ACK).message


@given(st.lists(st.sampled_from(list(Move)), max_size=40))
def test_no_row_of_moves_ends_twice_or_leaves_the_table(moves):
    status, ends = Status.CREATED, 0
    for move in moves:
        if (status, move) in NEXT:
            assert not is_final(status)
            status = next_status(status, move)
            ends += is_final(status)
    assert ends == is_final(status)


def test_the_diagram_draws_every_pair_once():
    lines = [line.strip() for line in diagram().splitlines()]
    assert lines[:2] == ["stateDiagram-v2", "[*] --> created"]
    drawn = {}
    for line in lines[2:]:
        arrow, _, moves = line.partition(": ")
        start, after = arrow.split(" --> ")
        for move in moves.split(" / ") if moves else []:
            assert (start, move) not in drawn
            drawn[start, move] = after
    assert drawn == {(status.value, move.value): after.value for (status, move), after in NEXT.items()}
    assert {line for line in lines if line.endswith("[*]")} == {f"{status} --> [*]" for status in FINAL}
