"""Execution plans on the wire: how the fields of a source are mapped to those of a destination, before a job runs.

What a plan holds beyond the known names is kept as it was sent.
"""

from typing import Annotated, Any, Final

from pydantic import ConfigDict, Field

from .jobs import Reference
from .model import WireModel

MOST_EDGES: Final = 10_000
WHOLE: Final = ("fieldMapping", "unmappedSourceFields", "unmappedDestinationFields")
"""What a plan must have to be whole: three lists, which may be empty."""


class _Open(WireModel):
    model_config = ConfigDict(extra="allow")


class PlanField(_Open):
    """A field of the source or the destination."""

    type: str = Field(min_length=1, max_length=64)
    key: str = Field(min_length=1, max_length=1024)


Preview = Annotated[list[str], Field(max_length=1000)]


class Edge(_Open):
    """A field of the source, and the field of the destination that takes its values."""

    source_field: PlanField
    destination_field: PlanField
    preview: Preview | None = None
    enum_details: dict[str, Any] | None = None
    metadata: dict[str, Any] | None = None


class UnmappedSource(_Open):
    """A field of the source that goes nowhere."""

    source_field: PlanField
    preview: Preview | None = None


class UnmappedDestination(_Open):
    """A field of the destination that gets nothing."""

    destination_field: PlanField
    preview: Preview | None = None


Edges = Annotated[list[Edge], Field(max_length=MOST_EDGES)]
Sources = Annotated[list[UnmappedSource], Field(max_length=MOST_EDGES)]
Destinations = Annotated[list[UnmappedDestination], Field(max_length=MOST_EDGES)]


class Plan(_Open):
    """The plan of a job; one that is not whole yet shows empty lists."""

    field_mapping: Edges = Field(default_factory=list)
    unmapped_source_fields: Sources = Field(default_factory=list)
    unmapped_destination_fields: Destinations = Field(default_factory=list)
    program_id: Reference | None = None


class PlanPut(_Open):
    """``PUT /v1/jobs/{id}/plan``: the whole plan, instead of the one before."""

    file_id: Reference
    job_id: Reference
    field_mapping: Edges
    unmapped_source_fields: Sources
    unmapped_destination_fields: Destinations
    program_id: Reference | None = None


class PlanPatch(_Open):
    """``PATCH /v1/jobs/{id}/plan``: what is sent replaces what the plan had of that name."""

    file_id: Reference
    job_id: Reference
    field_mapping: Edges | None = None
    unmapped_source_fields: Sources | None = None
    unmapped_destination_fields: Destinations | None = None
    program_id: Reference | None = None


def plan_of(body: PlanPut | PlanPatch) -> dict[str, Any]:
    """The parts of the plan that were sent, as JSON."""
    sent = body.model_dump(mode="json", by_alias=True, exclude_unset=True, exclude={"file_id", "job_id"})
    return {name: value for name, value in sent.items() if value is not None}
