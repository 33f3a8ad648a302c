"""Watermarks as a machine: what runs begin with, what their ends make of it, and what people do in between."""

from dataclasses import dataclass, field

import pytest
from defined import made_type
from hypothesis import given
from hypothesis import strategies as st

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.watermarks import Watermark as Wire
from server.core.watermarks import (
    Settled,
    Verdict,
    Watermark,
    after_success,
    noted,
    put,
    reset,
    settled,
    watermark_wire,
)

NONE = Watermark(7, 1)
KNOWN = Watermark(7, 1, "b", 3, 5, 9, 5)
START = {"asked": "delta", "startDate": "2026-01-01T00:00:00.000Z"}


def succeed(mark, began_with, to, *, is_kept=False):
    return after_success(mark, began_with, to, 20, 12, is_kept=is_kept)


# ---- what a job notes when it is made


def test_a_job_notes_what_its_definition_says_of_modes():
    settings = {"default": "delta", "delta": {"startDate": "2026-01-01T00:00:00.000Z"}, "onPartial": "keep"}
    assert noted(made_type(), settings, None) == {"modes": {**START, "onPartial": "keep"}}
    assert noted(made_type(), settings, "full")["modes"]["asked"] == "full"
    assert noted(made_type(), {}, None) == {"modes": {"asked": "full"}}
    assert noted(made_type(modes=["delta"]), {}, None) == {"modes": {"asked": "delta", "first": "delta"}}


def test_a_type_without_delta_has_no_watermark():
    plain = made_type(modes=["full"])
    assert noted(plain, {"onPartial": "keep"}, None) == {}
    assert noted(plain, {}, "full") == {"runMode": "full"}
    for settings, asked in (({}, "delta"), ({"default": "delta"}, None)):
        with pytest.raises(Refusal, match="it has full"):
            noted(plain, settings, asked)


# ---- what a run begins with


@pytest.mark.parametrize("asked", ["full", "delta"])
def test_the_first_run_is_full_from_the_start_date_whatever_was_asked(asked):
    for mark, version in ((None, 0), (NONE, 0), (reset(KNOWN, 6), 4)):
        assert settled({"asked": asked}, mark) == Settled("full", None, version)
        assert settled({**START, "asked": asked}, mark) == Settled("full", START["startDate"], version)
    assert settled({**START, "first": "delta"}, None).run_mode == "delta"


def test_later_runs_go_by_what_was_asked():
    assert settled({**START, "asked": "full"}, KNOWN) == Settled("full", None, 3)
    assert settled(START, KNOWN) == Settled("delta", "b", 3)
    assert settled({"asked": "delta"}, KNOWN).wire() == {
        "runMode": "delta",
        "watermark": {"since": "b", "version": 3},
    }


def test_a_delta_run_after_successes_that_said_nothing_reads_from_the_start_date():
    silent, _ = succeed(NONE, 0, None)
    assert settled(START, silent) == Settled("delta", START["startDate"], 0)
    assert settled({"asked": "delta"}, silent) == Settled("delta", None, 0)


def test_where_a_person_says_from_where_on_the_first_run_may_be_delta():
    assert settled(START, put(NONE, "k", 3)) == Settled("delta", "k", 1)


# ---- what its end makes of it


def test_a_success_moves_what_it_began_with():
    after, verdict = succeed(KNOWN, 3, "c")
    assert (after, verdict) == (Watermark(7, 1, "c", 4, 20, 12, 5), Verdict.MOVED)
    assert succeed(NONE, 0, "a")[0] == Watermark(7, 1, "a", 1, 20, 12, 20)


def test_a_success_that_says_nothing_or_the_same_leaves_the_version_to_runs_beside_it():
    assert succeed(NONE, 0, None) == (Watermark(7, 1, succeeded_at=20), Verdict.MOVED)
    for to in (None, "b"):
        assert succeed(KNOWN, 3, to) == (KNOWN, Verdict.MOVED)


def test_what_was_moved_since_stays():
    assert succeed(KNOWN, 2, "c") == (KNOWN, Verdict.CHANGED)
    assert succeed(reset(NONE, 1), 0, None) == (reset(NONE, 1), Verdict.CHANGED)
    assert succeed(KNOWN, 3, "c", is_kept=True) == (KNOWN, Verdict.PARTIAL)


def test_its_wire_form_is_what_clients_read():
    assert watermark_wire(NONE) == {"version": 0}
    shown = Wire.model_validate(watermark_wire(KNOWN))
    assert (shown.value, shown.version, shown.job_id) == ("b", 3, "us_jb_0000000009")
    assert shown.moved_at is not None
    assert shown.succeeded_at is not None


# ---- all of it together


@dataclass
class World:
    """A source whose rows are numbered, and a copy that the runs of a definition fill."""

    rows: int = 3
    copied: set[int] = field(default_factory=set)
    mark: Watermark = NONE
    runs: list[tuple[Settled, int]] = field(default_factory=list)

    def begin(self, asked):
        self.runs.append((settled({"asked": asked}, self.mark), self.rows))

    def end(self, index, how):
        if not self.runs:
            return
        began, upto = self.runs.pop(index % len(self.runs))
        since = int(began.since or 0)
        whole = how in {"complete", "silent"}
        self.copied |= set(range(since, upto if whole else (since + upto) // 2))
        if how in {"complete", "partial"}:
            to, kept = str(upto), how == "partial"
        elif how == "silent":
            to, kept = None, False
        else:
            return
        before = self.mark
        self.mark, verdict = after_success(before, began.version, to, 1, 1, is_kept=kept)
        assert (self.mark.version > before.version) == (self.mark.value != before.value)
        if before.version != began.version:
            assert self.mark == before
            assert verdict is not Verdict.MOVED

    def check(self):
        """What stands before the watermark is copied: no delta run passes over anything."""
        assert set(range(int(self.mark.value or 0))) <= self.copied


STEPS = st.one_of(
    st.tuples(st.just("begin"), st.sampled_from(["full", "delta"])),
    st.tuples(st.just("end"), st.integers(0, 5), st.sampled_from(["complete", "silent", "partial", "fail"])),
    st.tuples(st.just("grow"), st.integers(1, 3)),
    st.tuples(st.just("reset")),
)


@given(st.lists(STEPS, max_size=30))
def test_whatever_overlaps_fails_and_is_reset_nothing_before_the_watermark_is_missing(steps):
    world = World()
    for name, *given_ in steps:
        match name:
            case "begin":
                world.begin(*given_)
            case "end":
                world.end(*given_)
            case "grow":
                world.rows += given_[0]
            case "reset":
                before = world.mark
                world.mark = reset(before, 2)
                assert world.mark.is_first
                assert world.mark.version > before.version
        world.check()
