"""SQL of files."""

from server.core.files import FileRow
from server.store import files


def row(number, **fields):
    usual = {
        "space_id": 1,
        "job_id": None,
        "name": "a",
        "size": 3,
        "content_type": "a/b",
        "created_at": 5,
        "created_by": "k",
    }
    return FileRow(id=number, blob=f"blob{number}", **usual | fields)


def test_a_file_is_read_back_until_it_is_deleted(connection):
    connection.begin()
    files.insert(connection, row(1, job_id=4))
    assert files.load(connection, 1) == row(1, job_id=4)
    files.delete(connection, 1)
    assert files.load(connection, 1) is None
    connection.rollback()


def test_pages_are_newest_first_of_one_job_or_all_of_a_space(connection):
    connection.begin()
    for number, job in ((1, None), (2, 9), (3, 9)):
        files.insert(connection, row(number, job_id=job))
    files.insert(connection, row(4, space_id=2, job_id=9))
    assert [file.id for file in files.page(connection, 1, None, 10**9, 9)] == [3, 2, 1]
    assert [file.id for file in files.page(connection, 1, 9, 3, 9)] == [2]
    assert [file.id for file in files.page(connection, 1, None, 10**9, 1)] == [3]
    assert files.blobs(connection) == {"blob1", "blob2", "blob3", "blob4"}
    connection.rollback()
