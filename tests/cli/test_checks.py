import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from listener_sdk.cli import checks
from listener_sdk.cli.checks import LOW_DISK, NO_DISK

GIB = 1024**3


@pytest.mark.parametrize(
    ("version", "level"), [((3, 10, 14), "fail"), ((3, 11, 0), "ok"), ((3, 14, 1), "ok")]
)
def test_python_must_be_new_enough(version, level):
    assert checks.python(version).level == level


def test_a_missing_extra_is_a_warning_with_the_command():
    finding = checks.installed("server", ["croniter"])
    assert (finding.level, finding.fix) == ("warn", "pip install 'tickwire[server]'")
    assert checks.installed("server", []).level == "ok"


@pytest.mark.parametrize(
    ("free", "level"), [(NO_DISK - 1, "fail"), (NO_DISK, "warn"), (LOW_DISK - 1, "warn"), (LOW_DISK, "ok")]
)
def test_a_full_disk_is_told(free, level):
    assert checks.disk(free).level == level


def test_the_data_directory_must_be_a_folder_and_its_key_private(tmp_path):
    assert "does not exist yet" in checks.data_dir(tmp_path / "none").text
    (tmp_path / "file").touch()
    assert checks.data_dir(tmp_path / "file").level == "fail"
    key = tmp_path / "admin.key"
    key.touch(mode=0o600)
    assert checks.data_dir(tmp_path).level == "ok"
    key.chmod(0o644)
    assert checks.data_dir(tmp_path).fix == f"chmod 600 {key}"
    key.chmod(0o600)
    (tmp_path / "master.key").touch(mode=0o644)
    assert checks.data_dir(tmp_path).fix == f"chmod 600 {tmp_path / 'master.key'}"


@pytest.mark.parametrize(("seconds", "level"), [(0, "ok"), (4, "ok"), (-4, "ok"), (6, "warn"), (-6, "warn")])
def test_clocks_must_agree(seconds, level):
    assert checks.clock(timedelta(seconds=seconds)).level == level


def test_the_machine_is_checked_without_a_server(tmp_path):
    found = {
        finding.name: finding.level
        for finding in checks.of_machine({"TICKWIRE_DATA_DIR": str(tmp_path / "new" / "deep")})
    }
    assert set(found) == {"python", "extra server", "extra postgres", "extra demo", "data dir", "disk"}


def test_secrets_of_all_spaces_are_looked_at(api, monkeypatch):
    stored = {"createdAt": "2026-01-01T00:00:00Z", "updatedAt": "2026-01-01T00:00:00Z"}
    api.secrets.append(stored | {"id": "us_sec_1", "name": "crm_token"})
    space = {
        "status": "active",
        "timeZone": "UTC",
        "createdAt": stored["createdAt"],
        "updatedAt": stored["updatedAt"],
    }
    for code in ("default", "acme"):
        ids = {"id": f"us_sp_{code}", "environmentId": f"us_env_{code}"}
        api.spaces[code] = space | ids | {"name": code, "code": code}
    monkeypatch.setenv("TICKWIRE_SPACE", "")
    assert of_server()["secrets"].text == "2 secrets in 2 spaces"
    api.secrets[0]["locked"] = True
    found = of_server()["secrets"]
    assert found.text.endswith("of 2 secrets: crm_token (space default), crm_token (space acme)")
    assert "tickwire secrets set NAME --space CODE" in found.fix
    monkeypatch.setenv("TICKWIRE_SPACE", "acme")
    assert of_server()["secrets"].text.endswith("of 1 secret: crm_token")


def of_server(url=None, key=None):
    async def collect():
        return {finding.name: finding async for finding in checks.of_server(url, key)}

    return asyncio.run(collect())


def test_a_healthy_server_passes_all_but_the_clock_of_the_past(api):
    found = of_server()
    assert {name: finding.level for name, finding in found.items()} == {
        "server": "ok",
        "key": "ok",
        "stream": "ok",
        "clock": "warn",
        "listeners": "ok",
        "secrets": "ok",
        "mail": "ok",
    }
    assert found["key"].text == "admin in space default"


def test_jobs_that_nobody_takes_are_told(api):
    api.job(readyAt="2026-01-01T12:00:00.000Z", job="workbook:export")
    finding = of_server()["listeners"]
    assert (finding.level, finding.text) == ("warn", "no listener takes 1 job: workbook:export")


def test_a_missing_server_says_how_to_start_it():
    found = of_server("http://127.0.0.1:9", "k" * 32)
    assert list(found) == ["server"]
    assert found["server"].level == "fail"
    assert found["server"].text == "http://127.0.0.1:9 does not answer: connection refused"
    assert found["server"].fix == "Start the server with 'tickwire server', or set TICKWIRE_URL."


def test_an_address_without_tls_is_told(api):
    found = of_server(api.url.replace("http:", "https:"), "k" * 32)["server"]
    assert found.text.endswith("does not answer: it does not speak TLS")
    assert found.fix == f"Write the address as {api.url}."


def test_a_server_that_restarts_meanwhile_is_told_in_plain_words(api):
    api.closes_with = 1012
    found = of_server()["stream"]
    assert found.text == "listeners cannot connect: the server stops or restarts"
    assert found.fix == "Wait, or look into its log"


def test_another_server_is_not_quoted(api):
    api.ready = 404
    found = of_server()["server"]
    assert (found.level, found.fix) == ("fail", "Check TICKWIRE_URL")
    assert found.text == f"{api.url} is not a Tickwire server: it answers 404 (text/html)"


def test_secrets_that_the_server_cannot_open_are_told(api):
    api.secrets.append({"id": "us_sec_1", "name": "crm_token", "createdAt": "2026-01-01T00:00:00Z"})
    api.secrets[0] |= {"updatedAt": "2026-01-01T00:00:00Z", "locked": True}
    found = of_server()["secrets"]
    assert (found.level, found.text) == ("fail", "the server has not the master key of 1 secret: crm_token")
    assert "master.key" in found.fix


def test_a_server_that_is_not_ready_is_a_warning(api):
    api.ready = 503
    found = of_server()["server"]
    assert (found.level, found.text) == ("warn", f"{api.url} is not ready: The server is stopping.")


def test_a_wrong_key_ends_the_checks(api):
    found = of_server(key="wrong" * 8)
    assert found["key"].level == "fail"
    assert "stream" not in found


def test_a_space_that_the_key_does_not_open_is_no_fault_of_the_key(api, monkeypatch):
    monkeypatch.setenv("TICKWIRE_SPACE", "nope")
    found = of_server()["key"]
    assert found.text == "This key opens no space 'nope'."
    assert "TICKWIRE_SPACE= tickwire spaces" in found.fix


def test_a_store_that_is_away_is_no_fault_of_the_key(api):
    api.away = True
    found = of_server()["key"]
    assert (found.level, found.text) == ("fail", "The database does not answer.")
    assert found.fix == "Wait, or look into the server's log"


def test_another_version_is_told(api):
    api.version = "9.9.9"
    assert of_server()["key"].text.startswith("the server is 9.9.9, this is ")


def test_a_missing_key_is_told(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TICKWIRE_API_KEY", raising=False)
    monkeypatch.setenv("TICKWIRE_URL", "http://127.0.0.1:9")
    found = of_server()
    assert found["settings"].text.startswith("There is no API key")
    assert f"{tmp_path / '.tickwire' / 'admin.key'} does not exist" in found["settings"].text
    assert found["server"].text.endswith("connection refused")
    assert not Path(".tickwire").exists()


def test_an_address_that_is_none_is_told():
    found = of_server("not an address", "k" * 32)
    assert list(found) == ["settings"]
    assert "is not an address of a server" in found["settings"].text


def test_mail_that_is_not_set_up_is_no_fault(api):
    finding = of_server()["mail"]
    assert finding.level == "ok"
    assert "TICKWIRE_SMTP_URL and TICKWIRE_SMTP_FROM" in finding.fix
    api.inbox.mail = {"configured": False, "problem": "TICKWIRE_SMTP_FROM is not set."}
    finding = of_server()["mail"]
    assert (finding.level, finding.text) == ("warn", "is not sent: TICKWIRE_SMTP_FROM is not set.")


def test_a_mail_server_that_cannot_be_reached_is_told(api):
    mail = {"configured": True, "server": "smtp://m:25", "sender": "a@b.example", "publicUrl": "https://x"}
    api.inbox.mail = mail | {"reachable": False, "problem": "The mail server answers 535: No"}
    finding = of_server()["mail"]
    assert (finding.level, finding.text) == ("fail", "The mail server answers 535: No")
    assert api.inbox.checked
    api.inbox.mail = mail | {"reachable": True}
    assert of_server()["mail"].text == "sent by smtp://m:25 from a@b.example"
    api.inbox.mail = mail | {"reachable": True, "publicUrl": None}
    assert of_server()["mail"].level == "warn"


def test_who_is_no_administrator_does_not_ask_the_mail_server(api):
    api.permissions = ("read",)
    api.inbox.mail = {
        "configured": True,
        "server": "smtp://m:25",
        "sender": "a@b.example",
        "publicUrl": "https://x",
    }
    finding = of_server()["mail"]
    assert (finding.level, api.inbox.checked) == ("ok", False)
    assert finding.text.endswith("(only administrators may ask whether it answers)")
