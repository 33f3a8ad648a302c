"""Where a store of one file must not lie: on a network file system, or under several names."""

import re
from pathlib import Path
from typing import Final

from .database import StartError

NETWORK_FILE_SYSTEMS: Final = frozenset(
    {"nfs", "nfs4", "cifs", "smb", "smbfs", "smb3", "9p", "afs", "fuse.sshfs", "ceph", "glusterfs"}
)
_ESCAPE: Final = re.compile(r"\\([0-7]{3})")
"""A space, tab, line feed or backslash in the table of mounts."""


def refuse_network_file_system(path: Path, mounts: Path = Path("/proc/mounts")) -> None:
    """StartError when the file would lie on a network file system, where SQLite's locks do not hold."""
    if not mounts.exists():
        return
    target = path.resolve().parent
    kinds = {}
    for line in mounts.read_text(encoding="utf-8", errors="surrogateescape").splitlines():
        if len(parts := line.split(" ")) >= 3:
            kinds[Path(_ESCAPE.sub(lambda code: chr(int(code[1], 8)), parts[1]))] = parts[2]
    kind = next((kinds[place] for place in (target, *target.parents) if place in kinds), "")
    if kind in NETWORK_FILE_SYSTEMS:
        raise StartError(
            f"{target} lies on a network file system ({kind}), where SQLite's locks do not hold and data is lost. "
            "Choose a --data-dir on a local disk, or use PostgreSQL."
        )


def refuse_second_name(path: Path) -> None:
    """StartError when the file has hard links: each name has a lock and a log of its own, so two servers would not see each other."""
    if path.is_file() and path.stat().st_nlink > 1:
        raise StartError(
            f"{path} has another name (a hard link), under which a second server would destroy it. Remove that name "
            "(find it by: find <folder> -samefile <file>), or give this server a copy."
        )
