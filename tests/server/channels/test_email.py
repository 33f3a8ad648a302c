"""Mails reach a real mail server as they were composed; what it refuses is told apart from what another attempt mends."""

import asyncio
from contextlib import asynccontextmanager

import pytest
from aiosmtpd.smtp import AuthResult
from notified import post_office, text_of

from server.channels import email as channel
from server.channels.email import Letter, composed, reach, send
from server.channels.undelivered import Undelivered
from server.core.mail import Mail, read_mail_server, read_sender

SENDER = read_sender("Tick, wire <jobs@tickwire.example>")


def letter(to="ada@example.com", **fields):
    given = {
        "id": "us_nd_1",
        "to": to,
        "subject": "It failed",
        "text": "plain",
        "html": "<p>html</p>",
        "at": 0,
    }
    return Letter(**{**given, **fields})


def by(office, **fields):
    return Mail(read_mail_server(fields.pop("url", office.url)), SENDER, **fields)


@pytest.fixture
async def office():
    async with post_office() as found:
        yield found


async def test_a_mail_arrives_as_text_and_html_under_an_id_that_stays(office):
    await send(letter(subject="Größe é"), by(office))
    [mail] = office.mails
    assert (str(mail["To"]), str(mail["From"])) == ("ada@example.com", '"Tick, wire" <jobs@tickwire.example>')
    assert (mail["Subject"], mail["Message-ID"]) == ("Größe é", "<us_nd_1@tickwire.example>")
    assert str(mail["Date"]) == "Thu, 01 Jan 1970 00:00:00 +0000"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert (text_of(mail).strip(), text_of(mail, "html").strip()) == ("plain", "<p>html</p>")
    [envelope] = office.envelopes
    assert (envelope.mail_from, envelope.rcpt_tos) == ("jobs@tickwire.example", ["ada@example.com"])


async def test_an_address_with_letters_of_its_own_arrives(office):
    await send(letter("jörg@example.com"), by(office))
    assert office.envelopes[0].rcpt_tos == ["jörg@example.com"]


@pytest.mark.parametrize("to", ["a@b\r\nBcc: all@example.com", "a,b@example.com", "Ada <a@b>", "a", ""])
def test_no_header_is_made_of_what_is_not_one_address(to):
    with pytest.raises(Undelivered) as raised:
        composed(letter(to), Mail(read_mail_server("smtp://x"), SENDER))
    assert not raised.value.retry


def test_a_subject_of_two_lines_is_refused():
    with pytest.raises(Undelivered):
        composed(letter(subject="a\r\nBcc: all@example.com"), Mail(read_mail_server("smtp://x"), SENDER))


@pytest.mark.parametrize(
    ("answer", "retry"), [("550 No such user", False), ("451 Try later", True), ("452 Full", True)]
)
async def test_a_refused_recipient_is_given_up_or_tried_again_as_the_server_says(office, answer, retry):
    office.refusals.append(answer)
    with pytest.raises(Undelivered) as raised:
        await send(letter(), by(office))
    assert raised.value.retry is retry
    assert raised.value.message == f"The mail server answers {answer[:3]}: {answer[4:]}"


async def test_a_server_that_is_away_is_tried_again(office):
    with pytest.raises(Undelivered) as raised:
        await send(letter(), by(office, url="smtp://127.0.0.1:1"))
    assert raised.value.retry
    assert "smtp://127.0.0.1:1 cannot be reached" in raised.value.message


async def test_a_server_is_reached_or_it_is_said_why_not(office):
    await reach(by(office))
    for wrong in (by(office, url="smtp://127.0.0.1:1"), by(office, tls="required")):
        with pytest.raises(Undelivered):
            await reach(wrong)
    assert office.envelopes == []


async def test_a_name_and_password_are_shown_to_the_server_and_a_wrong_one_is_tried_again():
    def check(server, session, envelope, mechanism, data):
        is_right = (data.login, data.password) == (b"ada", b"right")
        return AuthResult(success=is_right, handled=is_right)

    async with post_office(authenticator=check, auth_require_tls=False, auth_required=True) as office:
        here = office.url.removeprefix("smtp://")
        await send(letter(), by(office, url=f"smtp://ada:right@{here}"))
        assert len(office.mails) == 1
        with pytest.raises(Undelivered) as raised:
            await send(letter(), by(office, url=f"smtp://ada:wrong@{here}"))
        assert raised.value.message.startswith("The mail server answers 535")
        await reach(by(office, url=f"smtp://ada:right@{here}"))
        with pytest.raises(Undelivered, match="answers 535"):
            await reach(by(office, url=f"smtp://ada:wrong@{here}"))
        assert len(office.mails) == 1
    assert raised.value.retry
    assert "wrong" not in raised.value.message


async def test_a_server_without_tls_gets_nothing_where_tls_is_required(office):
    with pytest.raises(Undelivered):
        await send(letter(), by(office, tls="required"))
    assert office.mails == []


async def test_a_server_that_breaks_off_is_tried_again():
    async def hang_up(reader, writer):
        writer.close()

    server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(Undelivered) as raised:
            await send(letter(), Mail(read_mail_server(f"smtp://127.0.0.1:{port}"), SENDER))
    assert raised.value.retry


@asynccontextmanager
async def talker(greeting=b"220 here\r\n", **answers):
    """A mail server that answers each command by these bytes, or else takes it; None is no answer."""

    left = set()

    async def talk(reader, writer):
        left.add(asyncio.current_task())
        writer.write(greeting)
        is_body = False
        while said := await reader.readline():
            if is_body and said != b".\r\n":
                continue
            verb = "END" if is_body else said.split()[0].decode().upper()
            is_body = verb == "DATA"
            answer = answers.get(verb, b"354 go on\r\n" if is_body else b"250 fine\r\n")
            writer.write(answer or b"")
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    async with server:
        yield Mail(read_mail_server(f"smtp://127.0.0.1:{server.sockets[0].getsockname()[1]}"), SENDER)
        await asyncio.gather(*left)


@pytest.mark.parametrize("greeting", [b"\0\xff\xfe garbage\r\n", b"SSH-2.0-OpenSSH_9\r\n", b"7 dwarfs\r\n"])
async def test_what_is_no_smtp_is_said_to_be_none(greeting):
    async with talker(greeting) as mail:
        with pytest.raises(Undelivered) as raised:
            await reach(mail)
    assert raised.value.message == f"The mail server {mail.server.shown} does not speak SMTP."
    assert raised.value.retry


async def test_no_character_of_an_answer_is_obeyed():
    async with talker(RCPT=b"550 \x1b[2J no\xe2\x80\xae \xff\r\n") as mail:
        with pytest.raises(Undelivered) as raised:
            await send(letter(), mail)
    assert raised.value.message == "The mail server answers 550: \ufffd[2J no\ufffd \ufffd"


@pytest.mark.parametrize("answer", [None, b"garbage\r\n"])
async def test_whoever_hangs_at_the_end_delays_nothing(answer, monkeypatch):
    monkeypatch.setattr(channel, "LEAVE_S", 0.05, raising=False)
    async with talker(QUIT=answer) as mail, asyncio.timeout(channel.TIMEOUT_S / 3):
        await send(letter(), mail)
        await reach(mail)
