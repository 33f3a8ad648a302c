import asyncio
import math
import threading
import time
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import BaseModel, Field

from listener_sdk._channel import JobLog, Words, plain_input, progress
from listener_sdk.protocol.progress import Progress
from tests.sdk.fake_server import DEADLINE_S


class Kept:
    def __init__(self):
        self.words = []

    def tick(self, newer):
        self.words.append(newer)

    def log(self, line):
        self.words.append(line.message)


def test_percent_is_kept_in_its_bounds_and_texts_in_theirs():
    assert progress(120, "x" * 5000, None, None, None).percent == 100
    assert progress(-3, None, None, None, None).percent == 0
    assert len(progress(None, "x" * 5000, None, None, None).text) == 4096


@pytest.mark.parametrize(
    "given", [(math.nan, None, None), (None, math.inf, None), (None, -1, None), (None, 1, -2)]
)
def test_numbers_that_are_none_are_refused(given):
    percent, done, total = given
    with pytest.raises(ValueError, match="must be a number"):
        progress(percent, None, done, total, None)


def test_an_end_is_a_time_or_a_while_from_now():
    at = datetime(2026, 1, 1, tzinfo=UTC)
    assert progress(None, None, None, None, at).eta_ms == 1_767_225_600_000
    now_ms = time.time() * 1000
    assert progress(None, None, None, None, timedelta(hours=1)).eta_ms >= now_ms + 3_599_000


def test_an_end_without_zone_could_be_any_hour():
    with pytest.raises(ValueError, match="a time with a zone"):
        progress(None, None, None, None, datetime(2026, 1, 1))


def test_log_lines_carry_level_time_attempt_and_fields():
    lines = []
    log = JobLog(lines.append, attempt=3)
    log.debug("a")
    log.info("b", rows=3, at=datetime(2026, 1, 1, tzinfo=UTC))
    log.warning("c\0")
    log.error(KeyError("d"))
    assert [line.level for line in lines] == ["debug", "info", "warning", "error"]
    assert lines[1].fields == {"rows": 3, "at": "2026-01-01 00:00:00+00:00"}
    assert lines[2].message == "c\N{REPLACEMENT CHARACTER}"
    assert lines[3].message == "'d'"
    assert all(line.attempt == 3 and line.at is not None for line in lines)


def test_an_input_is_a_dict_or_a_model():
    class Export(BaseModel):
        rows: int = Field(alias="rowCount")

    assert plain_input(None) is None
    assert plain_input({"a": None}) == {"a": None}
    assert plain_input(Export(rowCount=3)) == {"rowCount": 3}
    with pytest.raises(ValueError, match="not a list"):
        plain_input([1])
    with pytest.raises(ValueError, match=r"input\.x is a object"):
        plain_input({"x": object()})


async def test_words_of_a_thread_arrive_merged_and_in_order():
    kept = Kept()
    words = Words(kept, asyncio.get_running_loop())

    def work():
        for number in range(100):
            words.tick(Progress(percent=number))
            words.log(type("Line", (), {"message": f"line {number}"}))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join(DEADLINE_S)
    handed = asyncio.Event()
    asyncio.get_running_loop().call_soon(handed.set)
    await handed.wait()
    assert kept.words == [*(f"line {number}" for number in range(100)), Progress(percent=99)]
