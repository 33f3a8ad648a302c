"""Signed links: what they open, and for how long."""

from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listener_sdk.protocol.codes import Refusal
from server.security.links import Links

NOW = 1_767_225_600_000
LINKS = Links(b"s" * 32, "https://jobs.example.com", 60)


def parts(url):
    query = parse_qs(urlsplit(url).query)
    return query["expires"][0], query["signature"][0]


def refusal(links, *, space="1", file_id="us_fl_1", expires=None, signature=None, now=NOW):
    url, _ = LINKS.of(1, NOW)("us_fl_1")
    given = parts(url)
    with pytest.raises(Refusal) as caught:
        links.check(space, file_id, expires or given[0], given[1] if signature is None else signature, now)
    return caught.value.code


def test_a_link_is_absolute_and_says_when_it_ends():
    url, expires_at = LINKS.of(1, NOW)("us_fl_1")
    assert url.startswith("https://jobs.example.com/v1/files/us_fl_1/content?")
    assert expires_at == NOW + 60_000
    assert parts(url)[0] == str(expires_at)


def test_it_opens_its_file_until_it_ends():
    expires, signature = parts(LINKS.of(1, NOW)("us_fl_1")[0])
    assert LINKS.check("1", "us_fl_1", expires, signature, NOW + 59_999) == 1
    assert refusal(LINKS, now=NOW + 60_000) == "link_expired"


def test_it_opens_nothing_else():
    assert refusal(LINKS, file_id="us_fl_2") == "link_invalid"
    assert refusal(LINKS, space="2") == "link_invalid"
    assert refusal(LINKS, expires=str(NOW + 10**9)) == "link_invalid"
    assert refusal(Links(b"t" * 32, "https://jobs.example.com", 60)) == "link_invalid"


@pytest.mark.parametrize("expires", ["", "x", "-1", "1e9", "9" * 40, "\u0661"])
def test_an_odd_time_is_no_time(expires):
    assert refusal(LINKS, expires=expires or " ") == "link_invalid"


@pytest.mark.parametrize("space", ["", "x", "-1", "9" * 40, "\u0661"])
def test_an_odd_space_is_no_space(space):
    assert refusal(LINKS, space=space) == "link_invalid"


@given(st.text(max_size=80))
def test_no_other_signature_is_taken(signature):
    assert refusal(LINKS, signature=signature) == "link_invalid"


def test_the_secret_is_not_shown():
    assert "ssss" not in repr(LINKS)
