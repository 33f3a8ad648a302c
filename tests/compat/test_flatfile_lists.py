"""Flatfile's client lists jobs: every parameter alone and together, and every page to the end."""

import pytest

pytestmark = pytest.mark.must_run

SPACE = {"environment_id": "us_env_default", "space_id": "us_sp_default"}


@pytest.fixture(scope="module")
def jobs(create):
    """Seven jobs of one workbook: a parent with two children, two with a file, two plain; in the order of their making."""
    book = create("manual", source="us_wb_mark").id  # an id that no other client's jobs have
    made = [create("manual", source=book, operation="parent")]
    made += [create("manual", source=book, operation="child", parent_id=made[0].id) for _ in range(2)]
    made += [create("manual", source=book, operation="file", file_id=f"us_fl_{book}") for _ in range(2)]
    made += [create("manual", source=book, operation="plain") for _ in range(2)]
    return made


def ids(found):
    return [job.id for job in getattr(found, "data", found)]


def test_every_parameter_is_known(flatfile, jobs, parameters):
    given = {
        **SPACE,
        "workbook_id": jobs[0].source,
        "file_id": f"us_fl_{jobs[0].source}",
        "parent_id": jobs[0].id,
        "page_size": 10,
        "page_number": 1,
        "sort_direction": "asc",
        "exclude_child_jobs": True,
    }
    assert set(given) == parameters(flatfile.jobs.list)
    # The children have no file, so that all of it at once finds nothing; without the file it finds the children.
    assert ids(flatfile.jobs.list(**given)) == []
    assert ids(flatfile.jobs.list(**{**given, "file_id": None})) == ids(jobs[1:3])


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, slice(0, 7)),
        (SPACE, slice(0, 7)),
        ({"environment_id": "us_env_default"}, slice(0, 7)),
        ({"space_id": "us_sp_default"}, slice(0, 7)),
        ({"exclude_child_jobs": False}, slice(0, 7)),
    ],
)
def test_jobs_of_a_workbook(flatfile, jobs, given, expected):
    found = flatfile.jobs.list(workbook_id=jobs[0].source, sort_direction="asc", **given)
    assert ids(found) == ids(jobs[expected])
    assert found.pagination.total_count == len(found.data)


def test_jobs_of_another_space_are_not_found(flatfile, refused):
    for key, other in (
        ("environmentId", {"environment_id": "us_env_other"}),
        ("spaceId", {"space_id": "us_sp_other"}),
    ):
        with refused(404, "not_found", key=key):
            flatfile.jobs.list(**other)


def test_jobs_of_a_file_or_parent(flatfile, jobs, refused):
    assert ids(flatfile.jobs.list(file_id=f"us_fl_{jobs[0].source}")) == ids(jobs[4:2:-1])
    assert ids(flatfile.jobs.list(parent_id=jobs[0].id)) == ids(jobs[2:0:-1])
    assert ids(flatfile.jobs.list(parent_id=jobs[0].id, exclude_child_jobs=True)) == ids(jobs[2:0:-1])
    assert ids(flatfile.jobs.list(parent_id=jobs[1].id)) == []
    with refused(404, "not_found", key="parentId"):
        flatfile.jobs.list(parent_id="us_jb_none")


def test_children_are_left_out(flatfile, jobs):
    found = flatfile.jobs.list(workbook_id=jobs[0].source, exclude_child_jobs=True, sort_direction="asc")
    assert ids(found) == ids([jobs[0], *jobs[3:]])


def test_the_newest_job_comes_first_unless_asked_otherwise(flatfile, jobs):
    book = jobs[0].source
    for direction in (None, "desc"):
        assert ids(flatfile.jobs.list(workbook_id=book, sort_direction=direction)) == ids(jobs[::-1])
    assert ids(flatfile.jobs.list(workbook_id=book, sort_direction="asc")) == ids(jobs)


@pytest.mark.parametrize("size", [1, 3, 7, 100])
def test_every_page_to_the_end(flatfile, jobs, size):
    found, number = [], 0
    while True:
        number += 1
        page = flatfile.jobs.list(
            workbook_id=jobs[0].source, page_size=size, page_number=number, sort_direction="asc"
        )
        pages = page.pagination
        assert (pages.current_page, pages.page_count, pages.total_count) == (number, -(-7 // size), 7)
        found += page.data
        if number == pages.page_count:
            break
    assert ids(found) == ids(jobs)
    beyond = flatfile.jobs.list(workbook_id=jobs[0].source, page_size=size, page_number=number + 1)
    assert (beyond.data, beyond.pagination.total_count) == ([], 7)


def test_a_page_has_twenty_jobs_when_nothing_else_is_asked(flatfile, create):
    book = create("manual", source="us_wb_mark").id
    for _ in range(21):
        create("manual", source=book)
    found = flatfile.jobs.list(workbook_id=book)
    assert (len(found.data), found.pagination.page_count) == (20, 2)


@pytest.mark.parametrize(
    ("given", "key"),
    [
        ({"page_size": 0}, "pageSize"),
        ({"page_size": 1001}, "pageSize"),
        ({"page_number": 0}, "pageNumber"),
        ({"page_number": -1}, "pageNumber"),
        ({"sort_direction": "up"}, "sortDirection"),
        ({"workbook_id": "x" * 600}, "workbookId"),
    ],
)
def test_a_bad_parameter_is_named(flatfile, refused, given, key):
    with refused(400, "invalid", key=key):
        flatfile.jobs.list(**given)
