"""Who acts, where, and from which address: a key or a member in a space."""

from dataclasses import dataclass

from .reach import Reach


@dataclass(frozen=True, slots=True)
class Space:
    """A tenant: ``code`` never changes and is both Flatfile's environment and space. Times are milliseconds.

    ``job_ms`` and ``file_ms`` say how long jobs and files are kept where that is not as long as the server keeps them.
    """

    id: int
    code: str
    name: str
    link_template: str | None = None
    time_zone: str = "UTC"
    job_ms: int | None = None
    file_ms: int | None = None
    created_at: int = 0
    updated_at: int = 0
    archived_at: int | None = None
    deleted_at: int | None = None

    @property
    def open(self) -> bool:
        """Whether its keys open it: a space that is being removed has none any more."""
        return self.deleted_at is None


@dataclass(frozen=True, slots=True)
class Shown:
    """What a caller has shown: a key, by which of its secrets (``stamp``), restricted to what; or a token that the key made.

    ``space_id`` is the space of a token, or the one in which a key of the whole store acts, if not its own.
    ``token_until`` (ms) is None for a key itself. ``login`` is the number of a browser's session, of such a key or of a member:
    then ``key_id`` is the member's and ``stamp`` the role.
    """

    key_id: str
    stamp: str
    limits: tuple[str | None, str | None] = (None, None)
    space_id: int | None = None
    token_until: int | None = None
    login: int | None = None


@dataclass(frozen=True, slots=True)
class Actor:
    """A key or member that was checked, in the space where it acts now; ``key_id`` is what events and ``createdBy`` name.

    A key of the whole store has ``every_space``, and chooses the space by each call. ``reach`` is None for who reaches all
    of the space that the role lets see; ``shown`` is what the connections of the caller end with.
    """

    key_id: str
    role: str
    space: Space
    every_space: bool = False
    address: str | None = None
    reach: Reach | None = None
    shown: Shown | None = None

    @property
    def login(self) -> int | None:
        """The number of the session, where a browser's cookie was shown or a ticket of its page."""
        return None if self.shown is None else self.shown.login

    @property
    def is_token(self) -> bool:
        """Whether a token was shown, and no key."""
        return self.shown is not None and self.shown.token_until is not None

    @property
    def in_browser(self) -> bool:
        """Whether a browser calls, by token or session: it may do so less often than a program."""
        return self.is_token or self.login is not None

    @property
    def scope(self) -> str:
        """Within which an Idempotency-Key stands for one call."""
        return f"{self.key_id}@{self.space.id}" if self.every_space else self.key_id


SYSTEM = "system"
"""The actor of what the server does by itself."""

OUTSIDER = "outsider"
"""How the audit of a space names keys of other spaces, whose names are not for its readers."""
