"""Files as readers see them."""

from listener_sdk.protocol.jobs import File
from server.core.actors import Space
from server.core.files import FileRow, file_wire

SPACE = Space(1, "default", "Default")
ROW = FileRow(1, 1, 7, "a.csv", 3, "text/csv", 1_000, "us_key_0000000000", "blob-name")


def test_a_file_is_shown_as_the_protocol_says_without_where_its_bytes_lie():
    shown = file_wire(ROW, SPACE, lambda file_id: (f"https://x/{file_id}", 2_000))
    found = File.model_validate(shown)
    assert (found.id, found.job_id) == ("us_fl_0000000001", "us_jb_0000000007")
    assert found.url == "https://x/us_fl_0000000001"
    assert shown["urlExpiresAt"] == "1970-01-01T00:00:02.000Z"
    assert "blob-name" not in str(shown)


def test_without_a_link_maker_there_is_no_link_and_without_a_job_no_job():
    shown = file_wire(FileRow(1, 1, None, "a", 0, "a/b", 0, "k", "b"), SPACE)
    assert not {"url", "urlExpiresAt", "jobId"} & set(shown)


def test_flatfiles_clients_find_what_they_ask_a_file_for():
    shown = file_wire(FileRow(1, 1, None, "a.tar.gz", 3, "application/gzip", 1_000, "k", "b"), SPACE)
    assert (shown["ext"], shown["mimetype"], shown["encoding"]) == ("gz", "application/gzip", "binary")
    assert (shown["status"], shown["bytesReceived"], shown["updatedAt"]) == (
        "complete",
        3,
        shown["createdAt"],
    )
    assert file_wire(FileRow(1, 1, None, "README", 3, "a/b", 0, "k", "b"), SPACE)["ext"] == ""
