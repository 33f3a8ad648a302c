"""Watermarks on the wire: how far the runs of a job definition have come."""

from typing import Annotated, Final

from pydantic import AfterValidator, ConfigDict, Field

from .model import WireModel
from .texts import visible
from .times import Time

LONGEST_WATERMARK: Final = 256

WatermarkValue = Annotated[str, Field(min_length=1, max_length=LONGEST_WATERMARK), AfterValidator(visible)]
"""What a run said last: a time, a number, a key, whatever its source is read by. The server compares it with nothing."""


class WatermarkWrite(WireModel):
    """``PUT /v1/job-definitions/{code}/watermark``: from where on the next delta run reads."""

    model_config = ConfigDict(extra="forbid")

    value: WatermarkValue


class Watermark(WireModel):
    """How far the runs of a definition have come.

    - ``value``: what the last run said, or a person; None while nobody has
    - ``version``: rises with each move and reset
    - ``movedAt``, ``jobId``: when that was, and by which job (a person's act has none)
    - ``succeededAt``: the first success since the last reset; while there is neither it nor a value, the next run is as the first
    """

    value: str | None = None
    version: int
    moved_at: Time | None = None
    job_id: str | None = None
    succeeded_at: Time | None = None
