"""Long words fit: nothing scrolls sideways or is cut off, on a phone, a tablet or a desk. make console-gallery looks at every page."""

import pytest
from console import NARROW, check_accessible, needs_console
from fitting import check_fits
from playwright.sync_api import expect
from processes import until

pytestmark = [needs_console, pytest.mark.must_run, pytest.mark.xdist_group("console-fits")]

LONG = "Orders of the market places of Austria, Switzerland and Liechtenstein, with returns, vouchers and gift cards"
STORY = f"Line 4,117 names nobody: {'https://crm.example.com/customers/8f14e45f/addresses ' * 5}"


@pytest.fixture(scope="module")
def run(home_):
    """A run that has failed, of a definition with a long name; its job's id."""
    home_.declared("play:fails")
    body = {
        "jobDefinitionCode": "orders-market-places",
        "name": LONG,
        "jobType": "play:steps",
        "enabled": True,
    }
    rule = {"on": "all", "channels": ["inbox"], "members": [home_.member("Ada", "admin")["id"]]}
    params = {"steps": 1, "pause_s": 0, "fail": STORY}
    home_.call(
        "POST", "/v1/job-definitions", {"jobDefinition": body | {"params": params, "notifications": [rule]}}
    )
    made = home_.call("POST", "/v1/job-definitions/orders-market-places/_execute", {"maxAttempts": 1})[
        "jobId"
    ]
    return made


@pytest.fixture(scope="module")
def job(home_):
    """A job that has failed, with a long input."""
    home_.declared("play:steps")
    made = home_.job(
        input={"steps": 1, "pause_s": 0, "fail": STORY},
        maxAttempts=1,
        label=LONG,
        tags=["shop", "market-place"],
    )["id"]
    until(lambda: home_.call("GET", f"/v1/jobs/{made}")["data"]["status"] == "failed", "it has failed")
    return made


def test_a_job_with_a_long_input_and_its_tags(visit, job):
    page = visit().log_in(f"/jobs/{job}")
    expect(page.locator(".data pre")).to_contain_text("https://crm.example.com")
    check_fits(page)
    check_accessible(page)
