"""What has happened in a simulation, line by line with its virtual time, and one hash of it all."""

from hashlib import sha256
from typing import NamedTuple


class Line(NamedTuple):
    """One thing that has happened: when (seconds since the beginning), to whom, and what."""

    at_s: float
    who: str
    what: str

    def __str__(self) -> str:
        return f"{self.at_s:12.3f} {self.who}: {self.what}"


class Trace:
    """Grows only. Two runs of one seed have equal hashes; the first line that differs says where they part."""

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self._hash = sha256()

    def add(self, at_s: float, who: str, what: str, hidden: str = "") -> None:
        """Something has happened. What is ``hidden`` counts in the hash, and is not kept."""
        line = Line(at_s, who, what)
        self.lines.append(line)
        self._hash.update(f"{line}{hidden}\n".encode())

    @property
    def hash(self) -> str:
        """Of all lines so far, in hex."""
        return self._hash.hexdigest()
