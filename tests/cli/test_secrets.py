"""``tickwire secrets``."""

import json

import pytest


def test_a_value_comes_by_standard_input_and_is_not_repeated(api, tickwire):
    result = tickwire(
        "secrets", "set", "crm_token", "--jobs", "crm:*", "--description", "CRM", typed="open sesame\n"
    )
    assert result.stdout == "secret crm_token is set (version 1).\n"
    assert api.secrets[0]["value"] == "open sesame"
    assert (api.secrets[0]["jobs"], api.secrets[0]["description"]) == (["crm:*"], "CRM")
    shown = tickwire("secrets").stdout + tickwire("secrets", "list", "--json").stdout
    assert "crm_token" in shown
    assert "sesame" not in shown


@pytest.mark.parametrize(
    ("typed", "value"), [("a\nb\n", "a\nb"), ("a\n\n", "a\n"), ("a\r\n", "a"), ("a", "a")]
)
def test_only_the_last_line_s_end_is_left_out(api, tickwire, typed, value):
    tickwire("secrets", "set", "key", typed=typed)
    assert api.secrets[0]["value"] == value


def test_a_terminal_is_asked_without_echo(api, tickwire, monkeypatch):
    monkeypatch.setattr("click.testing._NamedTextIOWrapper.isatty", lambda _: True, raising=False)
    result = tickwire("secrets", "set", "crm_token", "--json", typed="open sesame\n")
    assert json.loads(result.stdout)["name"] == "crm_token"
    assert "Value of crm_token" in result.stderr
    assert "sesame" not in result.output
    assert api.secrets[0]["value"] == "open sesame"


def test_a_value_is_no_argument(api, tickwire):
    refused = tickwire("secrets", "set", "crm_token", "open sesame")
    assert (refused.exit_code, api.secrets) == (2, [])
    assert "never stands on the command line" in refused.stderr
    assert "sesame" not in refused.output


def test_an_empty_input_says_how_to_send_a_value(api, tickwire):
    refused = tickwire("secrets", "set", "crm_token", typed="\n")
    assert (
        "Standard input is empty. Send the value there: tickwire secrets set crm_token < FILE."
        in refused.stderr
    )


@pytest.mark.parametrize(
    ("name", "typed"), [("two words", "canary"), ("a", ""), ("a", "canary" * 20_000), ("a", b"\xffcanary")]
)
def test_what_is_no_secret_is_refused_and_not_shown(api, tickwire, name, typed):
    result = tickwire("secrets", "set", name, typed=typed)
    assert (result.exit_code, api.secrets) == (2, [])
    assert "canary" not in result.output


def test_delete_takes_a_name(api, tickwire):
    tickwire("secrets", "set", "crm_token", typed="x")
    assert tickwire("secrets", "delete", "crm_token").stdout == "secret crm_token is deleted.\n"
    assert tickwire("secrets").stdout == "There are no secrets.\n"
    assert tickwire("secrets", "delete", "crm_token").exit_code == 1


def test_locked_ones_say_so(api, tickwire):
    tickwire("secrets", "set", "crm_token", typed="x")
    api.secrets[0]["locked"] = True
    assert "locked" in tickwire("secrets").stdout
