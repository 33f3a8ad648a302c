"""Targets: URLs in one spelling, and what is no URL to call."""

import pytest
from yarl import URL

from listener_sdk.protocol.codes import Refusal
from server.outbound.targets import checked_target, read_target


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://example.com", "https://example.com"),
        ("HTTPS://Example.COM:8443/a?b=c#d", "https://example.com:8443/a?b=c"),
        ("https://bücher.example/ä", "https://xn--bcher-kva.example/%C3%A4"),
        ("http://2130706433/", "http://127.0.0.1/"),
        ("http://0x7f.1/", "http://127.0.0.1/"),
        ("http://①②⑦.0.0.1/", "http://127.0.0.1/"),
        ("http://127。0。0。1/", "http://127.0.0.1/"),
        ("http://127.0.0.1./", "http://127.0.0.1/"),
        ("http://[::FFFF:127.0.0.1]/", "http://[::ffff:7f00:1]/"),
        ("http://[::1%25lo]/", "http://[::1%25lo]/"),
        ("http://%31%32%37.0.0.1/", "http://127.0.0.1/"),
        ("http://a%2eb/", "http://a.b/"),
        ("http://user:pass@0x7f.1/", "http://user:pass@127.0.0.1/"),
        ("http://example.com@127.1/", "http://example.com@127.0.0.1/"),
        ("http://localhost./", "http://localhost./"),
        ("http://under_score.example/", "http://under_score.example/"),
    ],
)
def test_a_host_has_one_spelling(text, expected):
    assert str(read_target(text)) == expected


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "https://host"),
        ("/path", "https://host"),
        ("//example.com", "https://host"),
        ("http://", "https://host"),
        ("file:///etc/passwd", "https://host"),
        ("ftp://example.com/", "https://host"),
        ("gopher://127.0.0.1:6379/_x", "https://host"),
        ("unix:///run/docker.sock", "https://host"),
        ("http://example.com:0/", "port 0"),
        ("http://example.com:65536/", "ort"),
        ("http://example.com:80:90/", "port"),
        ("http://exa mple.com/", "blanks"),
        ("http://example.com/\r\nX: y", "control"),
        ("http://127.0.0.1\\@example.com/", "backslash"),
        ("http://example.com/\u2028", "blanks"),
        ("http://a%2f127.0.0.1/", "neither"),
        ("http://a%40b/", "neither"),
        ("http://a%20b/", "neither"),
        ("http://a%00/", "neither"),
        ("http://a..b/", "neither"),
        ("http://.a/", "neither"),
        (f"http://{'a' * 64}.com/", "neither"),
        (f"http://{'a.' * 130}com/", "neither"),
        ("http://1.2.3.256/", "no address"),
        ("http://1.2.3.4.5/", "no address"),
        ("http://[::1/", "IPv6"),
        ("http://example.com/" + "a" * 8192, "8192"),
    ],
)
def test_what_cannot_be_called_is_refused_with_its_reason(text, says):
    with pytest.raises(Refusal) as caught:
        read_target(text)
    assert caught.value.code == "invalid"
    assert caught.value.key == "url"
    assert says in caught.value.message


def test_a_parsed_url_is_checked_the_same():
    assert str(checked_target(URL("http://127.1/"))) == "http://127.0.0.1/"
