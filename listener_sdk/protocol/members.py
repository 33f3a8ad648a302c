"""Members on the wire: the people of a space, and how they log in."""

from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from .mail_addresses import LONGEST, checked_address
from .model import WireModel
from .texts import Name
from .times import Time

SHORTEST_PASSWORD: Final = 12
LONGEST_PASSWORD: Final = 1_024
"""Bytes of UTF-8."""


def _role(value: Any) -> Any:
    if value == "listener":
        raise ValueError("must be a role of people: listener is for programs, which have keys")
    return value


def _password(text: str) -> str:
    if len(text) < SHORTEST_PASSWORD or len(text.encode()) > LONGEST_PASSWORD:
        raise ValueError(f"must be {SHORTEST_PASSWORD} characters to {LONGEST_PASSWORD} bytes")
    return text


Email = Annotated[str, Field(max_length=LONGEST), AfterValidator(checked_address)]
Role = Annotated[Literal["viewer", "operator", "developer", "admin"], BeforeValidator(_role)]
GivenPassword = Annotated[str, Field(max_length=LONGEST_PASSWORD)]
"""One that may be right or wrong."""
NewPassword = Annotated[GivenPassword, AfterValidator(_password)]


class MemberCreate(WireModel):
    """``POST /v1/members``."""

    name: Name
    email: Email
    role: Role


class MemberUpdate(WireModel):
    """``PATCH /v1/members/{id}``: what is sent changes; ``active: false`` ends the member's sessions."""

    name: Name | None = None
    email: Email | None = None
    role: Role | None = None
    active: bool | None = None

    def sent(self) -> dict[str, Any]:
        """The fields that were sent with a value."""
        return {name: value for name, value in self if value is not None}


class Member(WireModel):
    """A person of a space. One that was removed has no ``email`` any more, and ``deletedAt``.

    ``schedules`` says how many schedules that are switched on the member owns; lists leave it out.
    """

    id: str
    name: str
    email: str | None = None
    role: str
    active: bool
    created_at: Time
    created_by: str | None = None
    updated_at: Time
    password_set_at: Time | None = None
    deactivated_at: Time | None = None
    deleted_at: Time | None = None
    schedules: int | None = None


class PasswordChange(WireModel):
    """``PUT /v1/members/me/password``. ``old`` may be left out where a link began the session within the last minutes."""

    old: GivenPassword | None = Field(default=None, repr=False)
    new: NewPassword = Field(repr=False)


class LoginLinkCreate(WireModel):
    """``POST /v1/login-links``: for a member, or without one for the key that asks."""

    member: str | None = Field(default=None, min_length=1, max_length=64)


class LoginLink(WireModel):
    """An address that logs a browser in once."""

    url: str
    expires_at: Time


class LogIn(WireModel):
    """``POST /v1/sessions``: either the token of a link, or e-mail and password, and the code of the space (else ``default``)."""

    link: str | None = Field(default=None, min_length=1, max_length=128, repr=False)
    email: str | None = Field(default=None, min_length=1, max_length=LONGEST)
    password: GivenPassword | None = Field(default=None, repr=False)
    space: str = Field(default="default", min_length=1, max_length=80)
