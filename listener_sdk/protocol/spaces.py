"""Spaces on the wire: a tenant's name and settings."""

import re
from typing import Annotated, Any, Final, Self

from pydantic import AfterValidator, Field, model_validator

from .model import WireModel
from .texts import Name
from .times import Time

CODE: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
"""Small letters, digits and dashes: a code stands in ids, headers and addresses."""
LONGEST_TEMPLATE: Final = 2_048
MOST_DAYS: Final = 36_500


def _code(text: str) -> str:
    if not CODE.fullmatch(text):
        raise ValueError(
            "must be 1 to 63 small letters, digits and dashes, with a letter or digit at both ends"
        )
    return text


def _template(text: str) -> str:
    if not re.fullmatch(r"https?://[^\s/?#@]+([/?#]\S*)?", text) or "{id}" not in text:
        raise ValueError(
            "must be an address such as https://app.example.com/{type}/{id}, with {id} where the id stands"
        )
    return text


Code = Annotated[str, Field(max_length=63), AfterValidator(_code)]
Template = Annotated[str, Field(max_length=LONGEST_TEMPLATE), AfterValidator(_template)]
Zone = Annotated[str, Field(min_length=1, max_length=64)]
"""A name of the IANA database, such as Europe/Paris; the server says which it knows."""
Days = Annotated[float, Field(gt=0, le=MOST_DAYS, allow_inf_nan=False)]


class SpaceRetention(WireModel):
    """How many days things of the space are kept; None is as long as the server keeps them."""

    job_days: Days | None = None
    file_days: Days | None = None


class SpaceCreate(WireModel):
    """``POST /v1/spaces``. Without ``code``, it is made of the name."""

    name: Name
    code: Code | None = None
    time_zone: Zone = "UTC"
    link_template: Template | None = None
    retention: SpaceRetention = Field(default_factory=SpaceRetention)

    @model_validator(mode="after")
    def _coded(self) -> Self:
        if self.code is None:
            self.code = code_of(self.name)
        return self


class SpaceUpdate(WireModel):
    """``PATCH /v1/spaces/{id}``: what is sent changes; ``archived`` sets the space aside, or takes it back."""

    name: Name | None = None
    time_zone: Zone | None = None
    link_template: Template | None = None
    retention: SpaceRetention | None = None
    archived: bool | None = None

    def sent(self) -> dict[str, Any]:
        """The fields that were sent; those that stand for nothing when null (name, zone, archived) only with a value."""
        nullable = {"link_template", "retention"}
        return {
            name: getattr(self, name)
            for name in self.model_fields_set
            if name in nullable or getattr(self, name) is not None
        }


class Space(WireModel):
    """A space, as Flatfile shows it, and its settings. ``status`` is active, archived or deleting."""

    id: str
    code: str
    name: str
    environment_id: str
    status: str
    time_zone: str
    link_template: str | None = None
    retention: SpaceRetention = Field(default_factory=SpaceRetention)
    created_at: Time
    updated_at: Time
    archived_at: Time | None = None
    guest_authentication: list[str] = Field(default_factory=list)
    """Empty; Flatfile's clients look for it."""


def code_of(name: str) -> str:
    """A code made of a name: ``Acme & Sons`` gives ``acme-sons``; ``space`` where nothing is left."""
    text = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:63].strip("-")
    return text or "space"
