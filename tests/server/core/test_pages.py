"""Messages lead to pages that are there, and name commands in the place of others."""

from server.core import pages


def test_a_job_has_a_page_where_the_address_of_the_server_is_known():
    assert (
        pages.run_page("https://jobs.example.com", "us_jb_1")
        == "https://jobs.example.com/console/jobs/us_jb_1"
    )
    assert pages.run_page(None, "us_jb_1") is None


def test_a_command_shows_a_run():
    assert pages.run_command("us_jb_1") == "tickwire runs show us_jb_1"


def test_a_command_switches_an_endpoint_on_again():
    assert pages.endpoint_command("us_ep_1") == "tickwire endpoints enable us_ep_1"
