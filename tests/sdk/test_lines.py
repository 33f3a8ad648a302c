from itertools import count

from listener_sdk._lines import LINES_A_FRAME, MOST_LINES, MOST_WEIGHT, WEIGHT_A_FRAME, Lines
from listener_sdk.protocol.jobs import LogLine


def fill(lines, numbers, message=str, **fields):
    for number in numbers:
        lines.add(LogLine(message=message(number), fields=fields or None))
    return lines


def empty():
    return Lines("us_jb_1", 3, count(1).__next__)


def filled(amount, message=str, **fields):
    return fill(empty(), range(amount), message, **fields)


def flat(frames):
    return [line.message for frame in frames for line in frame.lines]


def answer(lines, frames):
    for frame in frames:
        assert frame.id in lines
        lines.answered(frame.id)


# ---- frames


def test_lines_come_in_order_in_frames_that_the_server_takes():
    lines = filled(1300)
    frames = lines.flush()
    assert [(frame.id, frame.first, len(frame.lines)) for frame in frames] == [
        (1, 0, 500),
        (2, 500, 500),
        (3, 1000, 300),
    ]
    assert {(frame.job, frame.fence) for frame in frames} == {("us_jb_1", 3)}
    assert flat(frames) == [str(number) for number in range(1300)]
    assert lines.flush() == []


def test_indexes_go_on_from_flush_to_flush():
    lines = filled(3)
    lines.flush()
    fill(lines, (3, 4))
    assert [(frame.first, flat([frame])) for frame in lines.flush()] == [(3, ["3", "4"])]


def test_heavy_lines_are_split_by_their_weight():
    frames = filled(10, lambda _: "x" * 60_000).flush()
    assert all(sum(len(line.message) for line in frame.lines) <= WEIGHT_A_FRAME for frame in frames)
    assert len(flat(frames)) == 10


def test_lines_with_many_names_stay_under_the_servers_limit():
    frames = filled(LINES_A_FRAME, **{f"n{n}": n for n in range(200)}).flush()
    assert len(flat(frames)) == LINES_A_FRAME
    assert max(frame.model_dump_json().count('":') for frame in frames) < 9_000


# ---- until they are stored


def test_what_is_not_answered_is_said_again_as_it_was_and_before_what_is_new():
    lines = filled(600)
    first, second = lines.flush()
    fill(lines, [600])
    answer(lines, [first])
    again = lines.again()
    assert again[0] is second
    assert [(frame.first, len(frame.lines)) for frame in again] == [(500, 100), (600, 1)]
    assert lines.unanswered() == [frame.id for frame in again]
    answer(lines, again)
    assert lines.again() == lines.unanswered() == []
    assert first.id not in lines


def test_refused_lines_are_left_out_and_a_line_in_their_place_says_so_once():
    lines = filled(2)
    (refused,) = lines.flush()
    fill(lines, [2])
    (kept,) = lines.flush()
    (notice,) = lines.leave_out(refused.id, "a field is wrong")
    assert flat([notice]) == ["2 lines were left out here: a field is wrong"]
    assert (notice.first, notice.lines[0].level) == (0, "warning")
    assert refused.id not in lines
    assert lines.leave_out(notice.id, "still wrong") == []
    assert lines.again() == [kept]


def test_the_reason_of_a_refusal_is_bounded():
    lines = filled(1)
    (frame,) = lines.flush()
    (notice,) = lines.leave_out(frame.id, "x" * 100_000)
    assert len(notice.lines[0].message) == 1_000


# ---- bounds


def test_too_many_lines_at_once_are_counted_instead_of_kept():
    lines = filled(MOST_LINES + 7)
    found = lines.flush()
    assert len(flat(found)) == MOST_LINES + 1
    assert found[-1].lines[-1].message == "7 lines were left out here: too many at once"
    assert found[-1].lines[-1].level == "warning"
    answer(lines, found)
    fill(lines, ["again"])
    assert flat(lines.flush()) == ["again"]


def test_lines_that_wait_for_their_answer_count_too():
    lines = filled(MOST_LINES)
    sent = lines.flush()
    fill(lines, range(5))
    assert lines.flush() == [], "nothing fits, so nothing is said until something does"
    answer(lines, sent[:1])
    fill(lines, ["fits"])
    assert flat(lines.flush()) == ["5 lines were left out here: too many at once", "fits"]


def test_the_count_is_said_at_the_end_even_when_nothing_fits():
    lines = filled(MOST_LINES)
    lines.flush()
    fill(lines, range(5))
    assert flat(lines.flush(last=True)) == ["5 lines were left out here: too many at once"]
    assert lines.flush(last=True) == []


def test_what_is_kept_is_bounded_by_weight_too():
    lines = filled(200, lambda _: "x" * 65_000)
    frames = lines.flush()
    assert sum(map(len, flat(frames))) <= MOST_WEIGHT
    assert "lines were left out" in flat(frames)[-1]
    fill(lines, [0], lambda _: "x" * 65_000)
    assert lines.flush() == []
    answer(lines, frames)
    fill(lines, [0], lambda _: "x" * 65_000)
    assert len(flat(lines.flush())) == 2
