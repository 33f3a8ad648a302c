from typing import Annotated

import click
import pytest
from pydantic import AfterValidator, TypeAdapter, ValidationError

from listener_sdk.cli.failures import Failure, Misuse, explained
from listener_sdk.cli.output import KEPT
from listener_sdk.errors import (
    ApiError,
    ConnectionFailed,
    InvalidError,
    NotTickwire,
    RegistrationError,
    SettingsError,
)
from listener_sdk.protocol.codes import Refusal
from listener_sdk.settings import connection


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (ApiError(409, "illegal_move", "The job is complete."), "The job is complete."),
        (ConnectionFailed("http://h", "refused"), "Cannot reach http://h: refused. Check TICKWIRE_URL"),
        (
            ConnectionFailed("http://127.0.0.1:9", "connect call failed ('127.0.0.1', 9)"),
            "Cannot reach http://127.0.0.1:9: connection refused. Start the server with 'tickwire server'",
        ),
        (NotTickwire("http://h", "text/html"), "This is not a Tickwire server (got text/html from http://h)"),
        (SettingsError("There is no API key."), "There is no API key."),
        (RegistrationError("a.py:3: a handler cannot yield."), "a.py:3: a handler cannot yield."),
    ],
)
def test_expected_errors_say_what_and_how(error, text):
    assert explained(error).message.startswith(text)


def test_a_wrong_key_is_told_where_to_set_it():
    failure = explained(ApiError(401, "unauthorized", "The key is not valid."))
    assert failure.message.startswith("The key is not valid. Set TICKWIRE_API_KEY")


def test_a_space_that_the_key_does_not_open_is_told_with_where_it_was_named(monkeypatch):
    error = ApiError.of_code("not_found", "This key opens no space 'nope'.", key="X-Customer-Code")
    monkeypatch.setenv("TICKWIRE_SPACE", "nope")
    assert explained(error).message == (
        "This key opens no space 'nope'. It was named by TICKWIRE_SPACE; the spaces that the key opens: "
        "TICKWIRE_SPACE= tickwire spaces."
    )
    with click.Context(click.Command("jobs")) as context:
        context.meta[KEPT] = {"--space": "nope"}
        assert explained(error).message.endswith(
            "by --space; the spaces that the key opens: tickwire spaces."
        )


def test_what_the_protocol_refuses_is_misuse():
    failure = explained(Refusal("reserved_topic", "Only the server publishes in the domain 'job'."))
    assert isinstance(failure, Misuse)
    assert failure.exit_code == 2


def test_fields_that_do_not_fit_are_named():
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(dict[str, int]).validate_python({"rows": "many"})
    assert explained(caught.value).message.startswith("rows: Input should be a valid integer")


def test_the_words_of_libraries_are_left_out():
    def few(rows):
        raise ValueError("at most three rows")

    with pytest.raises(ValidationError) as caught:
        TypeAdapter(Annotated[int, AfterValidator(few)]).validate_python(5)
    assert explained(caught.value).message == "value: at most three rows"


def test_where_no_server_was_started_that_is_said_with_the_path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SettingsError) as caught:
        connection(environ={})
    said = explained(caught.value).message
    assert said.startswith(
        "There is no API key: TICKWIRE_API_KEY is not set, and no server has been started here"
    )
    assert f"({tmp_path / '.tickwire' / 'admin.key'} does not exist). Start one: tickwire server." in said


def test_all_that_was_refused_is_told():
    errors = [{"message": "a: no."}, {"message": "b: no."}]
    assert explained(ApiError(400, "invalid", "a: no.", errors)).message == "a: no.\nb: no."


def test_other_errors_are_not_expected():
    assert explained(ZeroDivisionError()) is None


def test_a_failure_cannot_steer_the_terminal(capsys):
    Failure("first\x1b[2J\nsecond").show()
    assert capsys.readouterr().err == "error: first\\x1b[2J\nsecond\n"


def test_what_no_server_would_take_is_misuse_and_told_whole():
    told = [{"code": "invalid", "key": key, "message": f"{key}: is wrong."} for key in "abcd"]
    failure = explained(InvalidError(told))
    assert isinstance(failure, Misuse)
    assert failure.message == "a: is wrong.\nb: is wrong.\nc: is wrong.\nd: is wrong."
