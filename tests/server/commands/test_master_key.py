"""Master keys of a server: given, in a file, or made."""

import pytest

from server.commands.master_key import MASTER_FILE, master_keys
from server.security.sealing import parse_master_key
from server.store.database import StartError

ONE, TWO, THREE = ("11" * 32, "22" * 32, "33" * 32)


def keys(*texts):
    return [parse_master_key(text) for text in texts]


def test_the_first_start_makes_a_file_for_its_owner_alone(tmp_path):
    found = master_keys(tmp_path / "data", None, None, ())
    path = tmp_path / "data" / MASTER_FILE
    assert found.made == path
    assert path.stat().st_mode & 0o777 == 0o600
    assert keys(path.read_text().strip()) == found.keys


def test_later_starts_read_it(tmp_path):
    made = master_keys(tmp_path, None, None, ())
    again = master_keys(tmp_path, None, None, (ONE,))
    assert (again.keys, again.made) == ([*made.keys, *keys(ONE)], None)


def test_a_file_may_have_earlier_keys_on_further_lines(tmp_path):
    (tmp_path / MASTER_FILE).write_text(f"{TWO}\n\n{ONE}\n")
    assert master_keys(tmp_path, None, None, ()).keys == keys(TWO, ONE)


def test_a_key_that_is_given_makes_no_file_and_reads_none(tmp_path):
    (tmp_path / MASTER_FILE).write_text("nothing good")
    assert master_keys(tmp_path, THREE, None, (TWO, ONE)).keys == keys(THREE, TWO, ONE)


def test_a_file_that_is_named_is_read_and_never_made(tmp_path):
    named = tmp_path / "elsewhere"
    with pytest.raises(StartError, match="elsewhere cannot be read"):
        master_keys(tmp_path, None, named, ())
    assert not named.exists()
    named.write_text(ONE)
    assert master_keys(tmp_path, None, named, ()) == (keys(ONE), None)
    assert not (tmp_path / MASTER_FILE).exists()


@pytest.mark.parametrize(
    "content", [b"", b"\n", b"canary", f"{ONE}\ncanary".encode(), b"\xff", (ONE + "\n").encode() * 17]
)
def test_a_file_with_something_else_in_it_stops_the_start_and_is_kept(tmp_path, content):
    path = tmp_path / MASTER_FILE
    path.write_bytes(content)
    with pytest.raises(StartError) as caught:
        master_keys(tmp_path, None, None, ())
    assert path.read_bytes() == content
    assert "canary" not in str(caught.value)
    assert ONE not in str(caught.value)


def test_a_folder_that_cannot_be_written_stops_the_start(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(StartError, match="data-dir"):
        master_keys(tmp_path / "file", None, None, ())
