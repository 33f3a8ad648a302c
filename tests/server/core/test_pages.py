"""Messages lead to pages that are there, and name commands in the place of others."""

from server.core import pages


def test_there_is_no_page_until_the_console_has_one(monkeypatch):
    assert pages.run_page("https://jobs.example.com", "us_jb_1") is None
    monkeypatch.setattr(pages, "SHOWS_RUNS", True)
    assert (
        pages.run_page("https://jobs.example.com", "us_jb_1")
        == "https://jobs.example.com/console/jobs/us_jb_1"
    )
    assert pages.run_page(None, "us_jb_1") is None


def test_a_command_shows_a_run():
    assert pages.run_command("us_jb_1") == "tickwire runs show us_jb_1"


def test_a_command_switches_an_endpoint_on_again():
    assert pages.endpoint_command("us_ep_1") == "tickwire endpoints enable us_ep_1"
