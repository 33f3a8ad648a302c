"""The domain of the server's own jobs."""

import pytest

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.events import RESERVED_DOMAINS
from server.core.built_in import CODES, DOMAIN, NAMES, check_name, is_own, refuse_own


def test_the_domain_is_reserved_for_events_too():
    assert DOMAIN in RESERVED_DOMAINS
    assert NAMES[3] == f"system:{CODES[3]}" == "system:noop"


@pytest.mark.parametrize(
    ("name", "own"),
    [("system:noop", True), ("system:x", True), ("systems:noop", False), ("a:system:x", False)],
)
def test_which_jobs_are_the_servers_own(name, own):
    assert is_own(name) is own


@pytest.mark.parametrize("name", [*NAMES, "workbook:export", "systems:anything"])
def test_names_that_may_be_created(name):
    check_name(name)


def test_a_built_in_job_that_there_is_not_is_refused_with_near_names():
    with pytest.raises(Refusal, match=r"no built-in job system:nop\. Did you mean system:noop\?") as caught:
        check_name("system:nop")
    assert (caught.value.code, caught.value.key) == ("invalid", "operation")


@pytest.mark.parametrize("pattern", ["system:noop", "system:*", "system:**", "system"])
def test_nobody_else_takes_them(pattern):
    with pytest.raises(Refusal, match="The server itself runs the jobs of the domain 'system'") as caught:
        refuse_own(pattern, "jobs")
    assert (caught.value.code, caught.value.key) == ("forbidden", "jobs")


@pytest.mark.parametrize("pattern", ["**", "*:*", "sys*:noop", "workbook:system:x"])
def test_what_only_looks_so_is_taken(pattern):
    refuse_own(pattern, "jobs")
