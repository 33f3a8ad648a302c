"""A trace is what was told, and its hash tells every difference."""

from server.virtual.trace import Trace


def made(*lines):
    trace = Trace()
    for line in lines:
        trace.add(*line)
    return trace


def test_equal_traces_have_equal_hashes():
    lines = [(1.0, "log", "1 job:created", "body"), (2.5, "one", "connected")]
    assert made(*lines).hash == made(*lines).hash


def test_time_who_what_and_what_is_hidden_all_count():
    whole = (1.0, "log", "1 job:created", "body")
    others = [(1.001, *whole[1:]), (1.0, "one", *whole[2:]), (*whole[:2], "2", "body"), (*whole[:3], "other")]
    assert made(whole).hash not in {made(other).hash for other in others}


def test_lines_are_told_with_their_time():
    trace = made((61.25, "listener-1", "connected"))
    assert str(trace.lines[0]).split() == ["61.250", "listener-1:", "connected"]
