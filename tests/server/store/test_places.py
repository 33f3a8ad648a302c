"""Places that a store of one file refuses: network file systems, and files with a second name."""

import os

import pytest

from server.store.database import StartError
from server.store.places import NETWORK_FILE_SYSTEMS, refuse_network_file_system, refuse_second_name


def mounts(tmp_path, *lines):
    path = tmp_path / "mounts"
    path.write_text(
        "".join(f"{line}\n" for line in ("/dev/sda1 / ext4 rw 0 0", "proc /proc proc rw 0 0", *lines))
    )
    return path


@pytest.mark.parametrize("kind", sorted(NETWORK_FILE_SYSTEMS))
def test_network_file_systems_are_refused(tmp_path, kind):
    table = mounts(tmp_path, f"server:/export {tmp_path} {kind} rw,vers=4 0 0")
    with pytest.raises(StartError, match=rf"network file system \({kind}\).*local disk"):
        refuse_network_file_system(tmp_path / "store.db", table)


@pytest.mark.parametrize("kind", ["ext4", "xfs", "btrfs", "tmpfs", "overlay", "zfs"])
def test_local_file_systems_are_taken(tmp_path, kind):
    refuse_network_file_system(tmp_path / "store.db", mounts(tmp_path, f"/dev/sdb {tmp_path} {kind} rw 0 0"))


@pytest.mark.parametrize(
    ("name", "escaped"),
    [
        ("my data", "my\\040data"),
        ("tab\there", "tab\\011here"),
        ("back\\slash", "back\\134slash"),
        ("\\040", "\\134040"),
    ],
)
def test_escapes_in_the_table_are_read(tmp_path, name, escaped):
    (tmp_path / name).mkdir()
    table = mounts(tmp_path, f"server:/x {tmp_path}/{escaped} nfs4 rw 0 0")
    with pytest.raises(StartError, match="nfs4"):
        refuse_network_file_system(tmp_path / name / "store.db", table)


def test_the_nearest_mount_decides(tmp_path):
    (tmp_path / "local" / "deep").mkdir(parents=True)
    table = mounts(
        tmp_path,
        f"server:/x {tmp_path} nfs rw 0 0",
        f"/dev/sdb {tmp_path}/local ext4 rw 0 0",
        "server:/y /elsewhere nfs rw 0 0",
    )
    refuse_network_file_system(tmp_path / "local" / "deep" / "store.db", table)
    with pytest.raises(StartError):
        refuse_network_file_system(tmp_path / "store.db", table)


def test_the_newest_mount_of_one_place_decides(tmp_path):
    table = mounts(tmp_path, f"server:/x {tmp_path} nfs rw 0 0", f"/dev/sdb {tmp_path} ext4 rw 0 0")
    refuse_network_file_system(tmp_path / "store.db", table)


def test_a_link_is_followed_to_where_the_file_lies(tmp_path):
    (tmp_path / "remote").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "remote")
    (tmp_path / "file.db").symlink_to(tmp_path / "remote" / "store.db")
    table = mounts(tmp_path, f"server:/x {tmp_path}/remote nfs rw 0 0")
    for path in (tmp_path / "link" / "store.db", tmp_path / "file.db"):
        with pytest.raises(StartError):
            refuse_network_file_system(path, table)


def test_a_folder_that_does_not_exist_yet_is_judged_by_where_it_will_lie(tmp_path):
    table = mounts(tmp_path, f"server:/x {tmp_path} nfs rw 0 0")
    with pytest.raises(StartError):
        refuse_network_file_system(tmp_path / "not" / "yet" / "store.db", table)


def test_odd_lines_and_missing_tables_refuse_nothing(tmp_path):
    refuse_network_file_system(tmp_path / "store.db", mounts(tmp_path, "", "odd", "one two"))
    refuse_network_file_system(tmp_path / "store.db", tmp_path / "no-such-table")


def test_a_file_with_a_hard_link_is_refused_under_both_names(tmp_path):
    path, other = tmp_path / "store.db", tmp_path / "other.db"
    path.write_text("a store")
    refuse_second_name(path)
    os.link(path, other)
    for name in (path, other):
        with pytest.raises(StartError, match=rf"{name.name} has another name.*-samefile.*a copy"):
            refuse_second_name(name)
    other.unlink()
    refuse_second_name(path)


def test_a_symbolic_link_is_no_second_name(tmp_path):
    (tmp_path / "store.db").write_text("a store")
    (tmp_path / "link.db").symlink_to(tmp_path / "store.db")
    refuse_second_name(tmp_path / "link.db")


def test_what_is_not_there_or_is_a_folder_has_no_second_name(tmp_path):
    refuse_second_name(tmp_path / "store.db")
    refuse_second_name(tmp_path)
