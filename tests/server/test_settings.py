"""Settings: where values come from, what is refused and by which name, and that the table is the whole truth."""

from pathlib import Path

import pytest

from server.settings import NO_FLAG, PREFIX, SETTINGS, Settings, read_settings
from server.store.database import StartError


def refusal(argv=(), environ=None):
    with pytest.raises(StartError) as caught:
        read_settings(list(argv), environ or {})
    return str(caught.value)


def test_without_anything_the_defaults_hold():
    found = read_settings([], {})
    assert found == Settings()
    assert (found.host, found.port) == ("127.0.0.1", 8420)
    assert found.database_path == Path(".tickwire/tickwire.db")


def test_a_flag_wins_over_the_environment_which_wins_over_the_default():
    environ = {"TICKWIRE_PORT": "9000", "TICKWIRE_HOST": "0.0.0.0"}
    found = read_settings(["--port", "9001"], environ)
    assert (found.host, found.port) == ("0.0.0.0", 9001)


def test_an_empty_variable_counts_as_left_out():
    assert read_settings([], {"TICKWIRE_PORT": ""}).port == 8420


def test_variables_of_the_client_are_not_the_servers_business():
    assert read_settings([], {"TICKWIRE_URL": "nonsense", "TICKWIRE_API_KEY": "x"}) == Settings()


def test_the_table_names_every_setting_once_with_variable_and_flag():
    assert [row.name for row in SETTINGS] == list(Settings.model_fields)
    for row in SETTINGS:
        assert row.env == PREFIX + row.name.upper()
        assert row.help.endswith(".")
        assert (row.flag is None) is (row.name in NO_FLAG)


def test_the_default_in_the_table_is_what_one_would_write():
    for row in SETTINGS:
        if row.default:
            assert getattr(read_settings([], {row.env: row.default}), row.name) == getattr(
                Settings(), row.name
            )


@pytest.mark.parametrize(
    ("flag", "value", "says"),
    [
        ("--port", "abc", "whole|integer"),
        ("--port", "65536", "65535"),
        ("--port", "-1", "0"),
        ("--lease-s", "0", "greater than 0"),
        ("--lease-s", "inf", "finite|less"),
        ("--lease-s", "nan", "finite|greater"),
        ("--log-level", "loud", "'debug', 'info', 'warning' or 'error'"),
        ("--log-format", "xml", "'auto', 'json' or 'text'"),
        ("--public-url", "jobs.example.com", "https://"),
        ("--public-url", "https://x/?a=b", "query"),
        ("--allow-origins", "https://a.com/path", "origins"),
        ("--allow-origins", "*", "origins"),
        ("--allow-addresses", "10.0.0.1/8", "10.1.0.0/16"),
        ("--allow-addresses", "10.0.0.0/8,private", "'private' is none"),
        ("--allow-addresses", "::ffff:10.0.0.0/104", "IPv4 within IPv6"),
        ("--max-body-bytes", "10", "1024"),
        ("--rate-per-key", "0", "1"),
    ],
)
def test_a_wrong_value_is_refused_by_flag_and_by_variable(flag, value, says):
    env = PREFIX + flag.strip("-").replace("-", "_").upper()
    for message, name in ((refusal([f"{flag}={value}"]), flag), (refusal([], {env: value}), env)):
        assert message.startswith(f"{name} {value!r}")
        assert any(part in message for part in says.split("|"))


def test_all_that_is_wrong_is_said_at_once():
    message = refusal(["--port", "x"], {"TICKWIRE_LOG_LEVEL": "loud"})
    assert "--port" in message
    assert "TICKWIRE_LOG_LEVEL" in message


def test_networks_and_single_addresses_stand_between_commas():
    found = read_settings(
        [], {"TICKWIRE_ALLOW_ADDRESSES": "10.1.0.0/16, fd00::/8 ,127.0.0.1,"}
    ).allow_addresses
    assert [str(network) for network in found] == ["10.1.0.0/16", "fd00::/8", "127.0.0.1/32"]


@pytest.mark.parametrize("key", ["x" * 31, "x" * 513, "with blank " * 5, "é" * 40])
def test_an_unfit_administrators_key_is_refused_and_never_shown(key):
    message = refusal([], {"TICKWIRE_ADMIN_KEY": key})
    assert "TICKWIRE_ADMIN_KEY" in message
    assert "32" in message
    assert key not in message


def test_no_secret_can_be_given_by_flag_or_is_shown():
    with pytest.raises(SystemExit):
        read_settings(["--admin-key", "x" * 40], {})
    assert "s" * 40 not in repr(read_settings([], {"TICKWIRE_ADMIN_KEY": "s" * 40}))


def test_an_unknown_flag_is_named(capsys):
    with pytest.raises(SystemExit) as caught:
        read_settings(["--prot", "1"], {})
    assert caught.value.code == 2
    assert "--prot" in capsys.readouterr().err


def test_help_lists_every_flag_with_its_variable(capsys):
    with pytest.raises(SystemExit) as caught:
        read_settings(["--help"], {})
    assert caught.value.code == 0
    shown = capsys.readouterr().out
    assert all(row.flag in shown and row.env in shown for row in SETTINGS if row.flag)


def test_addresses_are_kept_without_what_callers_add():
    assert (
        read_settings(["--public-url", "https://jobs.example.com/v1"], {}).public_url
        == "https://jobs.example.com"
    )
    assert read_settings(["--allow-origins", "https://A.com, http://b:1"], {}).allow_origins == (
        "https://a.com",
        "http://b:1",
    )
    assert read_settings(["--database-url", "sqlite:////var/x.db"], {}).database_path == Path("/var/x.db")


def test_days_of_retention_may_be_parts_of_days():
    found = read_settings(
        ["--log-days", "0.5", "--job-days", "365"], {"TICKWIRE_LOG_EVENTS": "1000"}
    ).retention
    day = 86_400_000
    assert (found.log_ms, found.log_events, found.job_ms, found.file_ms) == (
        day // 2,
        1_000,
        365 * day,
        30 * day,
    )


@pytest.mark.parametrize("value", ["0", "-1", "nan", "inf", "36501", "a week"])
def test_days_that_cannot_be_are_refused(value):
    assert "--log-days" in refusal(["--log-days", value])


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://user:open%20sesame@db.example.com/jobs", "open sesame"),
        ("postgres://user:open%20sesame@/jobs?host=/run", "open sesame"),
        ("postgresql://db.example.com/jobs?user=u&password=open%20sesame&sslmode=require", "open sesame"),
        ("postgresql://user@db.example.com/jobs", None),
        ("postgresql:///jobs", None),
    ],
)
def test_a_database_s_address_is_known_and_its_password_kept(url, shown):
    found = read_settings(["--database-url", url], {})
    assert found.postgres_url == url
    assert "sesame" not in repr(found)
    assert found.secrets == (("open%20sesame", "open sesame") if shown else ())
    assert list(found.disks) == ["files"]


def test_a_store_in_a_file_has_a_disk_of_its_own():
    found = read_settings(["--database-url", "sqlite:////var/lib/x.db"], {"TICKWIRE_ADMIN_KEY": "k" * 40})
    assert found.postgres_url is None
    assert found.disks == {"store": Path("/var/lib"), "files": found.data_dir}
    assert found.secrets == ("k" * 40,)


@pytest.mark.parametrize(
    "url",
    ["mysql://user:sesame@host/db", "postgresql://", "user:sesame@host", "sqlite:x.db", "sqlite:///:memory:"],
)
def test_an_address_of_no_store_is_refused_and_not_shown(url):
    said = refusal(["--database-url", url])
    assert "postgresql://<user>@<host>/<database>" in said
    assert "sesame" not in said
