"""Flatfile's client of Node stores files, finds them, reads them and removes them."""

import pytest
from node_clients import file

pytestmark = pytest.mark.must_run

SPACE = {"spaceId": "us_sp_default", "environmentId": "us_env_default"}


@pytest.fixture
def stored(node, tmp_path):
    path = tmp_path / "péage.csv"
    path.write_bytes(b"name,mail\nAda,ada@example.com\n")
    return node("files.upload", file(path), {**SPACE, "mode": "import"})["data"]


def test_a_file_is_stored_found_read_and_removed(node, node_refused, stored):
    assert (stored["name"], stored["size"], stored["spaceId"]) == ("péage.csv", 30, "us_sp_default")
    assert (stored["ext"], stored["mimetype"], stored["status"], stored["bytesReceived"]) == (
        "csv",
        stored["contentType"],
        "complete",
        30,
    )
    assert node("files.get", stored["id"])["data"]["name"] == "péage.csv"
    found = node("files.list", {"spaceId": "us_sp_default", "pageSize": 10, "pageNumber": 1})["data"]
    assert stored["id"] in [one["id"] for one in found]
    assert node("files.download", stored["id"]) == b"name,mail\nAda,ada@example.com\n"
    assert node("files.delete", stored["id"])["data"] == {"success": True}
    with node_refused(404, "not_found", kind="NotFoundError"):
        node("files.get", stored["id"])


def test_an_outcome_offers_a_stored_file(node, http, stored):
    made = node(
        "jobs.create",
        {"type": "workbook", "operation": "export", "source": "us_wb_1", "trigger": "immediate"},
    )["data"]
    node("jobs.ack", made["id"])
    following = {"type": "files", "files": [{"fileId": stored["id"], "label": "The list"}]}
    done = node("jobs.complete", made["id"], {"outcome": {"message": "Done", "next": following}})["data"]
    (offered,) = done["outcome"]["next"]["files"]
    assert http.get(offered["url"]).content == b"name,mail\nAda,ada@example.com\n"
