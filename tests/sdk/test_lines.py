from listener_sdk._lines import LINES_A_FRAME, MOST_LINES, WEIGHT_A_FRAME, Lines
from listener_sdk.protocol.frames import Log
from listener_sdk.protocol.jobs import LogLine


def filled(count, message=str, **fields):
    lines = Lines()
    for number in range(count):
        lines.add(LogLine(message=message(number), fields=fields or None))
    return lines


def flat(parcels):
    return [line.message for parcel in parcels for line in parcel]


def test_lines_come_in_order_in_parcels_that_the_server_takes():
    lines = filled(1300)
    parcels = lines.take()
    assert [len(parcel) for parcel in parcels] == [500, 500, 300]
    assert flat(parcels) == [str(number) for number in range(1300)]
    assert lines.take() == []


def test_heavy_lines_are_split_by_their_weight():
    parcels = filled(10, lambda _: "x" * 60_000).take()
    assert all(sum(len(line.message) for line in parcel) <= WEIGHT_A_FRAME for parcel in parcels)
    assert len(flat(parcels)) == 10


def test_lines_with_many_names_stay_under_the_servers_limit():
    parcels = filled(LINES_A_FRAME, **{f"n{n}": n for n in range(200)}).take()
    assert len(flat(parcels)) == LINES_A_FRAME
    frames = [Log(job="us_jb_1", fence=1, lines=parcel).model_dump_json() for parcel in parcels]
    assert max(frame.count('":') for frame in frames) < 9_000


def test_too_many_lines_at_once_are_counted_instead_of_kept():
    lines = filled(MOST_LINES + 7)
    found = lines.take()
    assert len(flat(found)) == MOST_LINES + 1
    assert found[-1][-1].message == "7 lines were left out here: too many at once"
    assert found[-1][-1].level == "warning"
    lines.add(LogLine(message="again"))
    assert flat(lines.take()) == ["again"]


def test_what_is_kept_is_bounded_by_weight_too():
    found = flat(filled(200, lambda _: "x" * 65_000).take())
    assert sum(map(len, found)) < 9 * 1024 * 1024
    assert "lines were left out" in found[-1]
