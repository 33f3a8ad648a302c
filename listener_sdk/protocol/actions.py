"""Actions on the wire, as Flatfile writes them: buttons that make jobs, where they stand, and what a person is asked first."""

from typing import Annotated, ClassVar, Final, Literal, Self

from pydantic import AfterValidator, ConfigDict, Field, ValidationInfo, field_validator, model_validator

from .forms import InputForm
from .jobs import JobType as Domain
from .jobs import JsonObject, NewOperation, Priority, Reference, Subject, Tags
from .model import WireModel
from .texts import visible
from .times import Time

MOST_ACTIONS: Final = 1_000
"""Actions of one space."""
LARGEST_ACTION: Final = 64 * 1024
"""Bytes of one action's JSON."""
LARGEST_SPACE: Final = 4 * 1024 * 1024
"""Characters of all actions of one space: a list has them all."""

MountType = Domain
Mode = Literal["foreground", "background", "toolbarBlocking"]
Schedule = Literal["weekly", "daily", "hourly"]
Label = Annotated[str, Field(min_length=1, max_length=256), AfterValidator(visible)]
Text = Annotated[str, Field(max_length=4096)]
LongText = Annotated[str, Field(max_length=16_384)]
Names = Annotated[list[Annotated[str, Field(min_length=1, max_length=256)]], Field(max_length=100)]

FIELD: Final = "field"
"""The mount on columns of a sheet: its jobs are the sheet's."""


class Mount(WireModel):
    """On what the action stands: ``space``, ``workbook``, ``sheet``, ``field``, ``document``, ``file``, or a domain of one's own.

    ``slugs`` narrow it to some workbooks or sheets, ``keys`` to some columns; without them it stands on all.
    """

    type: MountType
    slugs: Names | None = None
    keys: Names | None = None

    @property
    def domain(self) -> str:
        """The type of the jobs that the action makes."""
        return "sheet" if self.type == FIELD else self.type

    @model_validator(mode="after")
    def _fitting(self) -> Self:
        if self.keys is not None and self.type != FIELD:
            raise ValueError(f"keys are names of columns, for a mount of the type {FIELD}, not {self.type}")
        if self.slugs is not None and self.type == FIELD:
            raise ValueError(f"a mount of the type {FIELD} has keys, and no slugs")
        return self


class ActionConstraint(WireModel):
    """What must hold before a person may press the button. What the server cannot see, such as records, clients look after."""

    type: Literal["hasAllValid", "hasSelection", "hasData", "hasColumnEnabled"]
    ignore_selection: bool | None = None
    """With ``hasAllValid``: all records count, and not the selected ones alone."""


class ActionMessage(WireModel):
    """Something to be told beside the button, such as why it cannot be pressed."""

    type: Literal["error", "info"]
    content: Text


class Markdown(WireModel):
    """Guidance, or a warning."""

    content: LongText


class _Described(WireModel):
    """What may be said of an action, and left out."""

    description: Text | None = None
    """Shown in the dialog after a click."""
    tooltip: Text | None = None
    mode: Mode | None = None
    schedule: Schedule | None = None
    primary: bool | None = None
    confirm: bool | None = None
    """A person is asked first whether it is meant."""
    icon: Annotated[str, Field(max_length=128)] | None = None
    input_form: InputForm | None = None
    constraints: Annotated[list[ActionConstraint], Field(max_length=16)] | None = None
    mount: Mount | None = None
    messages: Annotated[list[ActionMessage], Field(max_length=16)] | None = None
    guide: Markdown | None = None
    guardrail: Markdown | None = None
    slug: NewOperation | None = None
    """Flatfile's older word for ``operation``."""
    type: Annotated[str, Field(max_length=64)] | None = None
    """Without meaning any more, kept for Flatfile's clients."""
    require_all_valid: bool | None = None
    """Flatfile's older word for the constraint ``hasAllValid``."""
    require_selection: bool | None = None
    """Flatfile's older word for the constraint ``hasSelection``."""


class ActionCreate(_Described):
    """``POST /v1/actions``. It stands on ``targetId``: what has this id, the space where it is left out."""

    label: Label
    operation: NewOperation | None = Field(default=None, validate_default=True)
    target_id: Reference | None = None

    @field_validator("operation")
    @classmethod
    def _named(cls, operation: str | None, info: ValidationInfo) -> str | None:
        if operation is None and info.data.get("slug", "") is None:
            raise ValueError("names the job that the action makes, such as export, and is missing")
        return operation


class ActionUpdate(_Described):
    """``PATCH /v1/actions/{id}``: what is sent changes, null takes it away; what is left out stays."""

    label: Label | None = None
    operation: NewOperation | None = None
    target_id: Reference | None = None

    @field_validator("label", "operation", "target_id")
    @classmethod
    def _kept(cls, given: str | None) -> str | None:
        if given is None:
            raise ValueError("can be changed, and not taken away")
        return given


class ActionExecute(WireModel):
    """``POST /v1/actions/{id}/execute``: what the person gave who pressed the button. Other fields are refused.

    - ``source``: the id of what the job works on; else the subject's, else what the action stands on
    - ``confirm``: the person has agreed; an action with ``confirm`` does nothing without
    """

    below: ClassVar[str | None] = "input"
    model_config = ConfigDict(extra="forbid")

    input: JsonObject | None = None
    subject: Subject | None = None
    source: Reference | None = None
    file_id: Reference | None = None
    confirm: bool = False
    priority: Priority = 0
    metadata: JsonObject | None = None
    tags: Tags | None = None


class Action(_Described):
    """An action as every reader sees it. ``job`` is the name of the jobs that it makes, ``domain`` their type.

    ``mount`` has the types that Flatfile knows; of an action on a domain of one's own, ``domain`` alone tells it.
    """

    id: str
    label: str
    operation: str
    domain: str
    job: str
    target_id: str
    space_id: str | None = None
    created_at: Time
    created_by: str | None = None
    updated_at: Time
    updated_by: str | None = None
