"""How mails are sent, as the settings say it."""

import pytest

from server.core.mail import Mail, read_mail_server, read_sender


@pytest.mark.parametrize(
    ("text", "host", "port", "is_tls"),
    [
        ("smtp://mail.example", "mail.example", 25, False),
        ("smtp://mail.example:587/", "mail.example", 587, False),
        ("smtps://mail.example", "mail.example", 465, True),
        ("smtp://[::1]:2525", "::1", 2525, False),
    ],
)
def test_servers(text, host, port, is_tls):
    found = read_mail_server(text)
    assert (found.host, found.port, found.is_tls) == (host, port, is_tls)


def test_names_and_passwords_may_hold_any_character_and_are_not_shown():
    found = read_mail_server("smtps://ada%40example.com:p%2Fw%3A@mail.example")
    assert (found.user, found.password) == ("ada@example.com", "p/w:")
    assert found.shown == "smtps://mail.example:465"
    assert "p/w" not in repr(found)


@pytest.mark.parametrize(
    "text",
    ["mail.example", "http://mail.example", "smtp://", "smtp://a:b", "smtp://a:0", "smtp://a/x", "smtp://a b", "smtp://a?x=1"],
)  # fmt: skip
def test_what_is_no_server(text):
    with pytest.raises(ValueError, match="must be smtp://"):
        read_mail_server(text)


@pytest.mark.parametrize(
    ("text", "name", "address"),
    [
        ("jobs@example.com", "", "jobs@example.com"),
        ("Tickwire <jobs@example.com>", "Tickwire", "jobs@example.com"),
        ('"Tick, wire" <jobs@example.com>', "Tick, wire", "jobs@example.com"),
        ("<jobs@example.com>", "", "jobs@example.com"),
    ],
)
def test_senders(text, name, address):
    found = read_sender(text)
    assert (found.name, found.address, found.domain) == (name, address, "example.com")


@pytest.mark.parametrize("text", ["", "jobs", "a <b>", "a@b, c@d", "a@b\r\nBcc: c@d", "a <b@c> d"])
def test_what_is_no_sender(text):
    with pytest.raises(ValueError, match="must be an address"):
        read_sender(text)


@pytest.mark.parametrize(
    ("url", "tls", "starts"),
    [
        ("smtp://mail.example", "auto", None),
        ("smtp://mail.example", "required", True),
        ("smtp://mail.example", "off", False),
        ("smtp://a:b@mail.example", "auto", True),
        ("smtp://a:b@127.0.0.1", "auto", None),
        ("smtp://a:b@localhost", "auto", None),
        ("smtp://a:b@mail.example", "off", False),
        ("smtps://a:b@mail.example", "required", False),
    ],
)
def test_a_password_travels_through_tls_alone_unless_the_server_is_here(url, tls, starts):
    assert Mail(read_mail_server(url), read_sender("a@b.example"), tls).starts_tls is starts
