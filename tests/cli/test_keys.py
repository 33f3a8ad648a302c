import json


def test_a_new_key_is_shown_once(api, tickwire):
    result = tickwire("keys", "create", "--name", "laptop", "--role", "admin", "--expires", "2100-01-01")
    assert result.stdout.splitlines()[-1] == "tw_k2_secret"
    assert api.keys[0]["expiresAt"].startswith(("2100-01-01", "2099-12-31"))
    listed = tickwire("keys").stdout
    assert "laptop" in listed
    assert "secret" not in listed


def test_json_holds_the_key(api, tickwire):
    made = json.loads(tickwire("keys", "create", "--name", "ci", "--json").stdout)
    assert (made["key"], made["role"]) == ("tw_k2_secret", "listener")
    assert json.loads(tickwire("keys", "list", "--json").stdout)[0]["name"] == "ci"


def test_revoke_ends_a_key(api, tickwire):
    tickwire("keys", "create", "--name", "ci")
    assert tickwire("keys", "revoke", "k2").stdout == "k2 is revoked.\n"
    assert tickwire("keys").stdout == "There are no keys.\n"


def test_an_end_that_is_none_is_refused_with_its_option(api, tickwire):
    result = tickwire("keys", "create", "--name", "laptop", "--expires", "soon")
    assert (result.exit_code, api.keys) == (2, [])
    assert "--expires 'soon' is no span or time" in result.stderr
