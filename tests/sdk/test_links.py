import pytest

from listener_sdk._links import check_file, file_link, file_links
from listener_sdk.protocol.jobs import File
from listener_sdk.protocol.outcomes import FileLink
from tests.sdk.fake_server import AT

FILE = File(id="us_fl_1", name="x" * 300, size=1, content_type="text/csv", created_at=AT)


def test_an_attached_file_is_labelled_with_its_name_and_an_id_with_nothing():
    link = file_link(FILE, "here")
    assert (link.file_id, len(link.label)) == ("us_fl_1", 256)
    assert file_link("us_fl_2", "here") == FileLink(file_id="us_fl_2")


def test_one_file_several_and_none():
    assert [link.file_id for link in file_links(FILE, "here")] == ["us_fl_1"]
    assert [link.file_id for link in file_links(["us_fl_2", FILE], "here")] == ["us_fl_2", "us_fl_1"]
    assert file_links(None, "here") is None
    assert file_links([], "here") is None


def test_what_is_no_file_is_named_with_its_taker():
    with pytest.raises(TypeError, match=r"Outcome\(errors=...\) takes what job.attach gave"):
        file_links([b"a,b"], "Outcome(errors=...)")
    with pytest.raises(TypeError, match="not 7"):
        check_file(7, "here")
