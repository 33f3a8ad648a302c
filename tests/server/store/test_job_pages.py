"""Lists about jobs: each filter alone, together, and page by page."""

import pytest
from stage import ADMIN, STRANGER, opened

from listener_sdk.protocol.ids import encode
from server.commands import jobs
from server.store import job_pages, pages
from server.store.job_pages import JobFilter
from server.store.pages import Window


@pytest.fixture
async def stage(tmp_path):
    async with opened(tmp_path) as found:
        yield found


async def page(stage, wanted=JobFilter(), window=Window(100), *, space=1, count=False):  # noqa: B008 - frozen
    return await stage.node.read(lambda reader: job_pages.page(reader, space, wanted, window, count=count))


async def names(stage, **wanted):
    return [row.name for row in (await page(stage, JobFilter(ascending=True, **wanted))).rows]


async def test_jobs_of_the_space_newest_first(stage):
    made = [await stage.create() for _ in range(3)]
    await stage.create(actor=STRANGER)
    found = await page(stage, count=True)
    assert [row.id for row in found.rows] == [row.id for row in reversed(made)]
    assert (found.more, found.total) == (False, 3)
    assert found.as_of == str(stage.node.log.head)


async def test_by_name_type_and_operation(stage):
    every = [
        "workbook:export",
        "workbook:import",
        "document:contacts:submit",
        "document:submit",
        "books:export",
    ]
    for name in every:
        await stage.create(name)
    assert await names(stage, name="workbook:*") == every[:2]
    assert await names(stage, name="document:*") == ["document:submit"]
    assert await names(stage, name="document:**") == every[2:4]
    assert await names(stage, type="document") == every[2:4]
    assert await names(stage, type="doc") == []
    assert await names(stage, operation="export") == ["workbook:export", "books:export"]
    assert await names(stage, operation="submit") == ["document:submit"]
    assert await names(stage, operation="contacts:submit") == ["document:contacts:submit"]
    assert await names(stage, type="workbook", operation="export", name="**:export") == ["workbook:export"]


async def test_by_status(stage):
    await stage.create("a:manual", trigger="manual")
    await stage.create("a:ready")
    gone = await stage.create("a:canceled")
    await stage.do(jobs.CANCEL, jobs.CancelJob(ADMIN, gone.id))
    assert await names(stage, statuses=("ready",)) == ["a:ready"]
    assert await names(stage, statuses=("created", "canceled")) == ["a:manual", "a:canceled"]
    assert await names(stage, statuses=("failed",)) == []


async def test_by_source_file_parent_and_time(stage):
    parent = await stage.create("a:parent", source="us_wb_1", fileId="us_fl_1")
    stage.clock.forward(10)
    await stage.create("a:child", source="us_wb_2", parentId=encode("jb", parent.id))
    assert await names(stage, source="us_wb_2") == ["a:child"]
    assert await names(stage, file_id="us_fl_1") == ["a:parent"]
    assert await names(stage, parent_id=parent.id) == ["a:child"]
    assert await names(stage, top_level=True) == ["a:parent"]
    assert await names(stage, top_level=True, parent_id=parent.id) == ["a:child"]
    assert await names(stage, created_after=stage.clock()) == ["a:child"]
    assert await names(stage, created_before=stage.clock() - 1) == ["a:parent"]


@pytest.mark.parametrize("ascending", [True, False])
async def test_pages_by_number_and_by_row_cover_everything_once(stage, ascending):
    made = [(await stage.create()).id for _ in range(7)]
    expected = made if ascending else made[::-1]
    wanted = JobFilter(ascending=ascending)
    numbered = [await page(stage, wanted, Window(3, offset=offset)) for offset in (0, 3, 6, 9)]
    assert [row.id for one in numbered for row in one.rows] == expected
    assert [one.more for one in numbered] == [True, True, False, False]
    found, after = [], None
    while True:
        one = await page(stage, wanted, Window(3, after=after))
        found += [row.id for row in one.rows]
        after = found[-1]
        if not one.more:
            break
    assert found == expected


@pytest.mark.parametrize("ascending", [True, False])
async def test_a_quick_page_looks_at_some_jobs_and_leads_to_the_others(stage, ascending):
    made = [(await stage.create("a:rare" if number in {1, 8} else "a:usual")).id for number in range(10)]
    wanted = JobFilter(name="a:rare", ascending=ascending)
    found, after, rounds = [], None, 0
    while True:
        one = await stage.node.read(
            lambda reader, after=after: job_pages.page(
                reader, 1, wanted, Window(5, after=after), count=False, looked_at=3
            )
        )
        found, after, rounds = [*found, *(row.id for row in one.rows)], one.last, rounds + 1
        if not one.more:
            break
    rare = [made[1], made[8]]
    assert (found, rounds) == (rare if ascending else rare[::-1], 4)


async def test_a_quick_page_of_what_an_index_leads_to_is_whole(stage):
    parent = await stage.create("a:parent")
    for number in range(5):
        await stage.create("a:child", parentId=encode("jb", parent.id), tags=["t"] if number == 0 else None)
    for wanted, count in ((JobFilter(parent_id=parent.id), 5), (JobFilter(tag="t"), 1), (JobFilter(), 6)):
        one = await stage.node.read(
            lambda reader, wanted=wanted: job_pages.page(
                reader, 1, wanted, Window(9), count=False, looked_at=1
            )
        )
        assert (len(one.rows), one.more) == (count, False)


async def test_by_a_text_in_what_is_said_of_a_job(stage):
    job = await stage.create("workbook:export", label="Orders of Ärmel", info="100 % of A_B")
    await stage.create("workbook:import", input={"sheet": "Orders"})
    for text, count in (
        ("EXPORT", 1), ("orders", 2), ("orders of Ä", 1), ("0 %", 1), ("a_b", 1), ("axb", 0),
        (encode("jb", job.id), 1), ("nowhere", 0),
    ):  # fmt: skip
        assert len(await names(stage, text=text)) == count, text


async def test_times_find_jobs_although_the_clock_went_back_a_little(stage):
    for step in (0, 100, -30, 100, 100):
        stage.clock.forward(step)
        await stage.create(f"a:at{stage.clock()}")
    times = sorted(row.created_at for row in (await page(stage)).rows)
    for moment in times:
        assert len(await names(stage, created_after=moment)) == len(times) - times.index(moment)
        assert len(await names(stage, created_before=moment)) == times.index(moment) + 1


async def test_a_page_beyond_a_row_ends_early_when_its_jobs_are_large(stage, monkeypatch):
    monkeypatch.setattr(pages, "LARGEST_PAGE", 2_500)
    made = [(await stage.create(input={"x": "y" * 1_000})).id for _ in range(4)]
    found = await page(stage, JobFilter(ascending=True), Window(4, after=0))
    assert ([row.id for row in found.rows], found.more) == (made[:2], True)


async def test_which_lines_of_an_attempt_are_stored(stage):
    def fill(tx, item):
        columns = ("id", "job_id", "attempt", "at", "level", "message", "fence", "line")
        places = [(7, 1, 0), (7, 1, 1), (7, 1, 3), (7, 2, 2), (8, 1, 2), (7, 1, None)]
        for number, (job_id, fence, line) in enumerate(places, 1):
            tx.insert("job_log", columns, (number, job_id, 1, 1, "info", "m", fence, line))

    async def found(lines):
        return await stage.node.read(lambda reader: job_pages.stored_lines(reader, 7, 1, lines))

    await stage.do(jobs.Command("fill", fill), None)
    assert await found(range(4)) == {0, 1, 3}
    assert await found(range(1, 3)) == {1}
    assert await found(range(4, 9)) == set()


async def test_log_lines_and_attempts_are_in_their_order(stage):
    job = await stage.create()

    def fill(tx, item):
        for number in range(1, 4):
            tx.insert(
                "job_log",
                ("id", "job_id", "attempt", "at", "level", "message", "fields"),
                (number, job.id, 1, number, "info", f"line {number}", None),
            )
            tx.insert(
                "attempt",
                ("job_id", "fence", "attempt", "reason", "message", "holder", "started_at", "ended_at"),
                (job.id, 4 - number, number, "failed", None, "k", None, 9),
            )

    await stage.do(jobs.Command("fill", fill), None)
    lines = await stage.node.read(lambda reader: job_pages.log_lines(reader, job.id, 1, 1))
    assert [line[5] for line in lines] == [None]
    assert [line[4] for line in lines] == ["line 2"]
    attempts = await stage.node.read(lambda reader: job_pages.attempts(reader, job.id))
    assert [attempt[1] for attempt in attempts] == [1, 2, 3]
    assert await stage.node.read(lambda reader: job_pages.attempts(reader, job.id + 1)) == []
