import json

import pytest

AT = "2026-01-01T12:00:00.000Z"
KEY = "tw_test_" + "0" * 32


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


def test_restrictions_are_given_by_repetition(api, tickwire):
    tickwire(
        "keys",
        "create",
        "--name",
        "ci",
        "--jobs",
        "import:*",
        "--jobs",
        "export:daily",
        "--topics",
        "invoice:*",
    )
    assert (api.keys[0]["jobs"], api.keys[0]["topics"]) == (["import:*", "export:daily"], ["invoice:*"])


def test_a_key_is_shown_with_what_it_is_restricted_to(api, tickwire):
    tickwire("keys", "create", "--name", "ci", "--jobs", "import:*")
    shown = tickwire("keys", "show", "k2").stdout
    assert "import:*" in shown
    assert "last used" in shown
    assert "secret" not in shown.replace("old secret until", "")
    assert json.loads(tickwire("keys", "show", "k2", "--json").stdout)["jobs"] == ["import:*"]


def test_only_what_is_named_changes(api, tickwire):
    tickwire(
        "keys", "create", "--name", "ci", "--jobs", "import:*", "--topics", "a:*", "--expires", "2100-01-01"
    )
    tickwire("keys", "update", "k2", "--name", "new", "--all-jobs", "--expires", "never")
    key = api.keys[0]
    assert (key["name"], key["jobs"], key["expiresAt"], key["topics"]) == ("new", None, None, ["a:*"])


def test_changes_that_say_nothing_or_two_things_are_refused(api, tickwire):
    tickwire("keys", "create", "--name", "ci")
    nothing = tickwire("keys", "update", "k2")
    both = tickwire("keys", "update", "k2", "--jobs", "a:*", "--all-jobs")
    assert (nothing.exit_code, both.exit_code) == (2, 2)
    assert "Nothing is to be changed" in nothing.stderr
    assert "--all-jobs exclude each other" in both.stderr


def test_a_new_secret_is_shown_once(api, tickwire):
    tickwire("keys", "create", "--name", "ci")
    result = tickwire("keys", "rotate", "k2", "--overlap", "2h")
    assert result.stdout.splitlines()[-1] == "tw_k2_newer"
    assert api.acts == [("rotate", 7200)]
    tickwire("keys", "rotate", "k2", "--overlap", "0")
    assert api.acts[-1] == ("rotate", 0)
    assert tickwire("keys", "rotate", "k2", "--overlap", "soon").exit_code == 2
    assert (
        "--overlap '31d' is too long: 30d at most"
        in tickwire("keys", "rotate", "k2", "--overlap", "31d").stderr
    )


@pytest.fixture
def key_file(api, tmp_path, monkeypatch):
    """An administrator's key that commands read from its file."""
    monkeypatch.delenv("TICKWIRE_API_KEY")
    monkeypatch.setenv("TICKWIRE_DATA_DIR", str(tmp_path))
    path = tmp_path / "admin.key"
    path.write_text(f"{KEY}\n")
    path.chmod(0o644)
    for id_ in ("us_key_0000000000", "k2"):
        api.keys.append({"id": id_, "name": "n", "role": "admin", "createdAt": AT})
    return path


def test_a_rotated_key_that_was_read_from_its_file_is_put_there(api, tickwire, key_file):
    api.newer = newer = "tw_test_" + "1" * 32
    result = tickwire("keys", "rotate", "us_key_0000000000")
    assert result.stderr == f"{key_file} holds the new secret.\n"
    assert key_file.read_text() == f"{newer}\n"
    assert key_file.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in key_file.parent.iterdir()] == ["admin.key"]


def test_a_file_that_cannot_be_written_is_told(api, tickwire, key_file, monkeypatch):
    api.newer = "tw_test_" + "1" * 32

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    result = tickwire("keys", "rotate", "us_key_0000000000")
    assert result.stdout.splitlines()[-1] == api.newer
    assert "still holds the old secret (No space left on device): put the new one there" in result.stderr
    assert key_file.read_text() == f"{KEY}\n"
    assert [path.name for path in key_file.parent.iterdir()] == ["admin.key"]


def test_another_key_leaves_the_file_alone(api, tickwire, key_file, monkeypatch):
    assert tickwire("keys", "rotate", "k2").stderr == ""
    monkeypatch.setenv("TICKWIRE_API_KEY", KEY)
    assert "Put it into admin.key" in tickwire("keys", "rotate", "us_key_0000000000").stderr
    assert key_file.read_text() == f"{KEY}\n"


def test_a_key_of_a_file_that_is_not_valid_is_told_with_the_file(tickwire, key_file):
    key_file.write_text("wrong" * 8)
    for command in (("keys",), ("doctor",)):
        assert f"It was read from {key_file}: put the valid one there" in str(tickwire(*command).output)
    assert "It was read" not in tickwire("keys", "--key", "wrong").stderr


def test_a_list_says_what_keys_are_restricted_to(api, tickwire):
    tickwire("keys", "create", "--name", "n", "--jobs", "import:*", "--jobs", "a:b", "--topics", "invoice:*")
    assert tickwire("keys").stdout.rstrip().endswith("jobs import:*, a:b; topics invoice:*")
