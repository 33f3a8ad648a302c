"""Subscriber tokens on the wire: what a browser may look at, and for how long."""

from typing import Final, Literal, Self

from pydantic import Field, model_validator

from .definition_codes import DefinitionCode
from .jobs import Tag
from .model import WireModel
from .times import Time

LONGEST_TTL_S: Final = 86_400
SCOPES: Final = ("job", "tag", "definition", "space")
"""Fields that say what a token is for; it takes one of them."""


class TokenCreate(WireModel):
    """``POST /v1/tokens``: one job by its id, the jobs of a tag or of a definition, or the whole space."""

    job: str | None = Field(default=None, max_length=64)
    tag: Tag | None = None
    definition: DefinitionCode | None = None
    space: Literal[True] | None = None
    ttl_s: float = Field(default=3_600, ge=1, le=LONGEST_TTL_S, allow_inf_nan=False)

    @model_validator(mode="after")
    def _one_scope(self) -> Self:
        if sum(getattr(self, name) is not None for name in SCOPES) != 1:
            raise ValueError(
                'name one thing to look at: {"job": "<id>"}, {"tag": "<tag>"}, {"definition": "<code>"} or {"space": true}'
            )
        return self


class Token(WireModel):
    """A token, shown once, and when it ends."""

    token: str
    expires_at: Time
