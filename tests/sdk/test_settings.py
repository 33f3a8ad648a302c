import pytest

from listener_sdk.errors import SettingsError
from listener_sdk.settings import connection, is_loopback

KEY = "tw_1_" + "s" * 40


def test_arguments_win_over_the_environment():
    environ = {"TICKWIRE_URL": "http://a.test:1", "TICKWIRE_API_KEY": "other"}
    found = connection("https://b.test", KEY, environ=environ)
    assert (found.url, found.key, found.stream_url) == ("https://b.test", KEY, "wss://b.test/v1/stream")
    assert connection(environ=environ).url == "http://a.test:1"


@pytest.mark.parametrize(
    "given", ["http://h:8420/", "http://h:8420/v1", "http://h:8420/v1/", " http://h:8420 "]
)
def test_the_address_is_brought_to_one_form(given):
    assert connection(given, KEY, environ={}).url == "http://h:8420"


@pytest.mark.parametrize(
    "given",
    [
        "localhost:8420",
        "ftp://h",
        "http://",
        "http://h:99999",
        "http://h/?x=1",
        "http://h/a b",
        "http://[::1",
    ],
)
def test_what_is_no_address_is_refused(given):
    with pytest.raises(SettingsError, match="is not an address"):
        connection(given, KEY, environ={})


def test_on_loopback_the_servers_key_file_is_read(tmp_path):
    (tmp_path / "admin.key").write_text(f"{KEY}\n")
    found = connection(environ={"TICKWIRE_DATA_DIR": str(tmp_path)})
    assert (found.key, found.key_file) == (KEY, tmp_path / "admin.key")


@pytest.mark.parametrize("given", ["", " "])
def test_a_key_that_is_set_and_empty_makes_nobody_an_administrator(tmp_path, given):
    (tmp_path / "admin.key").write_text(KEY)
    environ = {"TICKWIRE_DATA_DIR": str(tmp_path), "TICKWIRE_API_KEY": given}
    with pytest.raises(SettingsError, match="TICKWIRE_API_KEY is set and empty"):
        connection(environ=environ)
    assert connection(key=KEY, environ=environ).key_file is None


def test_elsewhere_no_key_file_is_read(tmp_path):
    (tmp_path / "admin.key").write_text(KEY)
    with pytest.raises(SettingsError, match=r"no API key for https://far\.test"):
        connection("https://far.test", environ={"TICKWIRE_DATA_DIR": str(tmp_path)})


def test_a_missing_key_file_is_named_with_the_way_out(tmp_path):
    with pytest.raises(SettingsError, match=r"admin\.key cannot be read.*Set TICKWIRE_API_KEY"):
        connection(environ={"TICKWIRE_DATA_DIR": str(tmp_path)})
    (tmp_path / "admin.key").write_bytes(b"\xff\xfe")
    with pytest.raises(SettingsError, match="it is not text"):
        connection(environ={"TICKWIRE_DATA_DIR": str(tmp_path)})


@pytest.mark.parametrize("key", ["a b", "a\nb", "ä", "x" * 513, "\x00"])
def test_a_key_that_no_header_can_carry_is_refused(key):
    with pytest.raises(SettingsError, match="malformed"):
        connection("http://h", key, environ={})


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://127.0.0.1:8420", True),
        ("http://127.9.9.9", True),
        ("http://[::1]:8420", True),
        ("http://localhost", True),
        ("http://localhost.evil.test", False),
        ("http://10.0.0.1", False),
    ],
)
def test_loopback_is_this_machine_alone(url, expected):
    assert is_loopback(url) is expected
