"""Redirects: where they lead, and what of the request goes along."""

import pytest
from yarl import URL

from server.outbound.failures import Failure
from server.outbound.redirects import Request, redirected, without_userinfo

HEADERS = {"Authorization": "Bearer x", "X-Api-Key": "y", "Accept": "a/b", "Content-Type": "text/plain"}


def asked(url="https://a.example/x?q=1", method="POST", body=b"body"):
    return Request(url=URL(url), method=method, headers=HEADERS, body=body)


@pytest.mark.parametrize(
    ("status", "location"), [(200, "/y"), (201, "/y"), (300, "/y"), (304, "/y"), (305, "/y"), (302, None)]
)
def test_other_answers_are_the_last(status, location):
    assert redirected(asked(), status, location) is None


@pytest.mark.parametrize(
    ("status", "method", "expected"),
    [
        (301, "POST", "GET"), (302, "POST", "GET"), (303, "POST", "GET"), (303, "PUT", "GET"), (303, "DELETE", "GET"),
        (307, "POST", "POST"), (308, "POST", "POST"), (301, "PUT", "PUT"), (302, "GET", "GET"), (303, "HEAD", "HEAD"),
    ],
)  # fmt: skip
def test_the_method_follows_the_status_as_in_browsers(status, method, expected):
    found = redirected(asked(method=method), status, "/y")
    assert found.method == expected
    changed = expected == "GET" != method
    assert (found.body is None) is changed
    assert ("Content-Type" in found.headers) is not changed


def test_within_the_origin_all_headers_go_along():
    found = redirected(asked(), 307, "../y?z=2#part")
    assert str(found.url) == "https://a.example/y?z=2"
    assert found.headers == HEADERS


@pytest.mark.parametrize(
    "location",
    ["https://b.example/", "https://a.example:8443/", "//b.example/", "https://a.example.b.example/"],
)
def test_another_origin_sees_no_header_that_may_hold_a_key(location):
    assert redirected(asked(), 307, location).headers == {"Accept": "a/b", "Content-Type": "text/plain"}


def test_a_host_is_spelled_anew():
    assert str(redirected(asked("http://a.example/"), 302, "http://0x7f.1/y").url) == "http://127.0.0.1/y"


@pytest.mark.parametrize(
    ("location", "says"),
    [
        ("http://a.example/", "https to http"),
        ("file:///etc/passwd", "https://host"),
        ("javascript:alert(1)", "https://host"),
        ("https://1.2.3.256/", "no address"),
        ("https://[::1/", "IPv6"),
        ("https://a.example:99999/", "ort"),
        ("/" + "a" * 9000, "too long"),
    ],
)
def test_a_redirect_that_cannot_be_followed_is_a_failure(location, says):
    with pytest.raises(Failure, match=says) as caught:
        redirected(asked(), 302, location)
    assert (caught.value.code, caught.value.retry) == ("bad_answer", False)


def test_a_name_and_a_password_become_a_header():
    found = without_userinfo(
        Request(url=URL("https://us%40er:p%3Ass@a.example/x"), headers={"Accept": "a/b"})
    )
    assert str(found.url) == "https://a.example/x"
    assert found.headers == {"Accept": "a/b", "Authorization": "Basic dXNAZXI6cDpzcw=="}


def test_a_header_that_is_given_stays():
    assert without_userinfo(asked("https://user@a.example/")).headers == HEADERS


def test_without_them_a_request_is_the_same():
    request = asked()
    assert without_userinfo(request) is request


def test_a_redirect_cannot_name_a_user():
    assert str(redirected(asked(), 302, "https://user:pass@b.example/").url) == "https://b.example/"
