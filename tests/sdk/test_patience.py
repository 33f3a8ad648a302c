import pytest
from hypothesis import given
from hypothesis import strategies as st

from listener_sdk._patience import LONGEST_PAUSE_S, SHORTEST_S, backoff_s, patiently
from listener_sdk.errors import ApiError, ConnectionFailed, NotTickwire


async def test_only_what_can_be_repeated_is_and_only_for_a_while(monkeypatch):
    monkeypatch.setattr("listener_sdk._patience.LONGEST_PAUSE_S", 0)
    refused = ConnectionFailed("http://x", "refused", unreached=True)
    answers = iter([refused, ApiError(503, "unavailable", "starting"), "done"])

    async def call():
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    assert await patiently(call, repeatable=True) == "done"
    answers = iter([ApiError(503, "unavailable", "starting")])
    with pytest.raises(ApiError):
        await patiently(call, repeatable=False)
    answers = iter([ConnectionFailed("http://x", "broken midway")])
    with pytest.raises(ConnectionFailed):
        await patiently(call, repeatable=True)
    monkeypatch.setattr("listener_sdk._patience.PATIENCE_S", 0)
    answers = iter([refused])
    with pytest.raises(ConnectionFailed):
        await patiently(call, repeatable=True)


async def test_what_may_have_been_done_is_done_again_only_if_that_changes_nothing(monkeypatch):
    monkeypatch.setattr("listener_sdk._patience.LONGEST_PAUSE_S", 0)
    answers = iter([ConnectionFailed("http://x", "broken midway"), "done"])

    async def call():
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    assert await patiently(call, repeatable=True, idempotent=True) == "done"
    answers = iter([NotTickwire("http://x", "a web page")])
    with pytest.raises(NotTickwire):
        await patiently(call, repeatable=True, idempotent=True)


@given(st.integers(0, 10_000), st.floats(0, 1))
def test_the_back_off_is_jittered_and_bounded(failures, chance):
    assert 0 <= backoff_s(failures, LONGEST_PAUSE_S, chance) <= LONGEST_PAUSE_S
    assert backoff_s(failures, LONGEST_PAUSE_S, 1.0) >= SHORTEST_S
    assert backoff_s(failures + 1, LONGEST_PAUSE_S, 1.0) >= backoff_s(failures, LONGEST_PAUSE_S, 1.0)
