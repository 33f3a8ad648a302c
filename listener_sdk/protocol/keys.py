"""Keys on the wire: how programs are let in, and what they are restricted to."""

from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field

from .jobs import of_some_job
from .model import WireModel
from .texts import printable
from .times import Time

LONGEST_OVERLAP_S: Final = 30 * 86_400

KeyName = Annotated[str, Field(min_length=1, max_length=128), AfterValidator(printable)]
Pattern = Annotated[str, Field(min_length=1, max_length=128), AfterValidator(printable)]
Patterns = Annotated[list[Pattern], Field(min_length=1, max_length=32)]
Jobs = Annotated[list[Annotated[Pattern, AfterValidator(of_some_job)]], Field(min_length=1, max_length=32)]


class KeyCreate(WireModel):
    """``POST /v1/keys``. ``jobs`` and ``topics`` are globs of what the key is restricted to."""

    name: KeyName
    role: Literal["viewer", "operator", "developer", "admin", "listener"]
    every_space: bool = False
    expires_at: Time | None = None
    jobs: Jobs | None = None
    topics: Patterns | None = None


class KeyUpdate(WireModel):
    """``PATCH /v1/keys/{id}``: what is sent changes; null lifts an end or a restriction."""

    name: KeyName | None = None
    expires_at: Time | None = None
    jobs: Jobs | None = None
    topics: Patterns | None = None


class KeyRotate(WireModel):
    """``POST /v1/keys/{id}/rotate``: for how long the old secret is valid beside the new one; 0 ends it at once."""

    overlap_s: float = Field(default=3_600, ge=0, le=LONGEST_OVERLAP_S, allow_inf_nan=False)


class Key(WireModel):
    """An API key, without its secret. ``last_used_at`` is right to within a minute."""

    id: str
    name: str
    role: str
    every_space: bool = False
    created_at: Time
    created_by: str | None = None
    expires_at: Time | None = None
    revoked_at: Time | None = None
    jobs: list[str] | None = None
    topics: list[str] | None = None
    rotated_at: Time | None = None
    old_secret_until: Time | None = None
    last_used_at: Time | None = None


class CreatedKey(Key):
    """A new key, or one with a new secret: ``key`` is shown this once."""

    key: str


class WhoAmI(WireModel):
    """The key that is used, and the server that answers. ``member_id`` is who logged in where no key is used."""

    key_id: str
    member_id: str | None = None
    role: str
    permissions: list[str] = Field(default_factory=list)
    every_space: bool = False
    jobs: list[str] | None = None
    topics: list[str] | None = None
    space: str
    space_id: str
    environment_id: str
    account_id: str
    version: str
    position: str
