"""Secrets on the wire: values that listeners need and nobody else reads, set by name in a space."""

import re
from typing import Annotated, Final

from pydantic import AfterValidator, ConfigDict, Field

from .codes import Refusal
from .filters import compile_job_name
from .jobs import of_some_job
from .model import WireModel
from .texts import printable
from .times import Time

NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,127}")
LARGEST_VALUE: Final = 64 * 1024
"""Bytes of a value in UTF-8."""
MOST_SECRETS: Final = 1_000
"""Secrets of one space."""
LARGEST_SPACE: Final = 8 * 1024 * 1024
"""Bytes of all values of one space: a listener gets them in one answer."""
MOST_DECLARED: Final = 32
"""Secrets that one handler may declare."""
MOST_FETCHED: Final = 8
"""Names in one frame: their values must fit into one message."""


def _name(text: str) -> str:
    if not NAME.fullmatch(text):
        raise ValueError(
            "must be 1 to 128 letters, digits, dots, dashes and underscores, beginning with a letter or underscore"
        )
    return text


def _value(text: str) -> str:
    if len(text.encode()) > LARGEST_VALUE:
        raise ValueError(f"has at most {LARGEST_VALUE} bytes in UTF-8")
    return text


def _glob(text: str) -> str:
    try:
        compile_job_name(text)
    except Refusal as refusal:
        raise ValueError(refusal.message) from None
    return of_some_job(text)


SecretName = Annotated[str, Field(max_length=128), AfterValidator(_name)]
JobGlob = Annotated[str, Field(min_length=1, max_length=192), AfterValidator(_glob)]
Actor = Annotated[str, Field(min_length=1, max_length=128), AfterValidator(printable)]


class SecretWrite(WireModel):
    """``POST /v1/secrets``: makes the secret of this name, or gives it another value; what else is left out stays as it was.

    Errors never repeat what was sent.
    """

    model_config = ConfigDict(hide_input_in_errors=True)

    name: SecretName
    value: Annotated[str, Field(min_length=1, max_length=LARGEST_VALUE, repr=False), AfterValidator(_value)]
    environment_id: str | None = Field(default=None, max_length=80)
    space_id: str | None = Field(default=None, max_length=80)
    actor_id: Actor | None = None
    """Of whom it is; a name stands once for each actor, and once for none."""
    description: Annotated[str, Field(max_length=1024)] | None = None
    jobs: list[JobGlob] | None = Field(default=None, min_length=1, max_length=32)
    """Names or globs of the jobs whose handlers may have it; all without."""


class Secret(WireModel):
    """A secret. ``value`` is empty where it is ``hidden``, which it is from everybody but programs that may have it."""

    id: str
    name: str
    value: str = Field(default="", repr=False)
    hidden: bool = True
    locked: bool = False
    """Whether the server's master keys do not open it: set it anew, or give the server the key of then."""
    environment_id: str | None = None
    space_id: str | None = None
    actor_id: str | None = None
    jobs: list[str] = Field(default_factory=lambda: ["**"])
    description: str | None = None
    version: int = 1
    created_at: Time
    created_by: str | None = None
    updated_at: Time
    updated_by: str | None = None
