"""How secrets in addresses may come back, and that nothing else of the address is hidden."""

import pytest

from listener_sdk.protocol.redaction import Redaction
from server.outbound.spellings import MOST_PIECES, spelled_value, spellings


def hidden(address, *secrets):
    """Keeps out what a run with these secrets in its address keeps out."""
    places = [(address.index(one), address.index(one) + len(one)) for one in secrets]
    return Redaction([*secrets, *spellings(address, places)]).text


HOOK = "http://127.0.0.1:8080/api/webhooks/123/TOPSECRETTOKEN?wait=true"


@pytest.mark.parametrize(
    ("shown", "left"),
    [
        (HOOK, "***"),
        ("http://127.0.0.1:8080/api/webhooks/123/TOPSECRETTOKEN", "***"),
        ("unknown route /api/webhooks/123/TOPSECRETTOKEN?wait=true", "unknown route ***"),
        ("unknown route /api/webhooks/123/TOPSECRETTOKEN", "unknown route ***"),
        ("127.0.0.1 answers 404", "*** answers 404"),
        ("http://127.0.0.1:8080", "***"),
        ('{"token": "TOPSECRETTOKEN"}', '{"token": "***"}'),
        ("https://other.example/api/webhooks/123/login", "https://other.example***login"),
        ("an api of 123 true hooks", "an api of 123 true hooks"),
    ],
)
def test_a_secret_that_is_an_address_is_hidden_whole_and_in_its_parts(shown, left):
    assert hidden(HOOK, HOOK)(shown) == left


@pytest.mark.parametrize(
    ("address", "secret", "shown", "left"),
    [
        ("http://MyTenant.Example.com/x", "MyTenant", "mytenant.example.com answers", "*** answers"),
        ("http://MyTenant.Example.com/x", "MyTenant", "tenant MYTENANT mytenant", "tenant MYTENANT ***"),
        ("http://bücher.example/", "bücher", "http://xn--bcher-kva.example/", "***/"),
        ("http://0x7f000001/x/y", "0x7f000001", "http://127.0.0.1/x/y", "***/x/y"),
        ("http://a.example/v1/pä~ss", "pä~ss", "http://a.example/v1/p%C3%A4~ss", "http://a.example/v1/***"),
        ("http://a.example/v1/pä~ss", "pä~ss", "/v1/p%c3%a4~ss", "/v1/***"),
        ("http://a.example/v1/p%C3%A4ss", "p%C3%A4ss", "/v1/päss", "/v1/***"),
        ("http://a.example/v1/%7ea+b", "%7ea+b", "/v1/~a+b", "/v1/***"),
        ("http://a.example/v1/one/two", "one/two", "http://a.example/v1/one/two", "http://a.example***"),
        ("http://a.example/a/bcd/../TOKEN", "bcd/../TOKEN", "http://a.example/a/TOKEN", "http://a.example***"),
        ("http://a.example/?key=a%20b/c", "key=a%20b/c", "/?key=a+b/c", "/?***"),
        ("http://a.example/?key=pa%20ssword", "key=pa%20ssword", "the key pa ssword", "the key ***"),
        ("http://a.example/?x=abcd%2Fe", "abcd%2Fe", "abcd/e", "***"),
        ("http://ada:p%40ss@a.example/", "p%40ss", "Basic YWRhOnBAc3M= p@ss a.example", "Basic *** *** a.example"),
        ("http://ada:p%40ss@a.example/", "ada:p%40ss", "p@ss", "***"),
        ("http://a.example/a%3Ab%22.csv", "a%3Ab%22.csv", "a_b_.csv", "***"),
        ("http://a.example/abcd/", "abcd/", "a download", "a download"),
    ],
)  # fmt: skip
def test_a_part_is_hidden_as_it_is_sent_shown_and_repeated(address, secret, shown, left):
    assert hidden(address, secret)(shown) == left


def test_a_name_that_was_cut_is_hidden():
    secret = "s" * 300
    assert hidden(f"http://a.example/x-{secret}.csv", secret)("x-" + "s" * 194 + ".csv") == "***"


@pytest.mark.parametrize(
    "address", ["", "no address", "http://", "http://[", "//x", "http://a b/SECRET", "SECRET:?#"]
)
def test_what_cannot_be_called_is_no_fault(address):
    assert isinstance(spellings(address, [(0, len(address))]), set)


def test_several_secrets_hide_their_own_parts():
    text = hidden("http://Tenant.example/v1/S%7ecret/x", "Tenant", "S%7ecret")
    assert text("http://tenant.example/v1/S~cret/x") == "***/v1/***/x"


def test_a_long_address_has_few_spellings():
    address = "http://a.example/" + "/".join(f"segment{number}" for number in range(700))
    assert len(spellings(address, [(0, len(address))])) < 3 * MOST_PIECES


@pytest.mark.parametrize(
    ("secret", "query"), [("pä ss/w~x", "p%C3%A4+ss/w~x"), ("a&b=c+%", "a%26b%3Dc%2B%25")]
)
def test_a_value_stands_in_the_query_as_it_is_sent(secret, query):
    assert spelled_value(secret) == query
