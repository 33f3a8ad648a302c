"""The audit on the wire: who has changed what."""

from typing import Any

from .model import WireModel
from .times import Time


class AuditLine(WireModel):
    """One act: ``before`` and ``after`` hold the fields that it has changed; ``target`` is the id of what it was done to."""

    id: str
    at: Time
    actor: str
    address: str | None = None
    action: str
    target: str
    before: dict[str, Any] | None = None
    after: dict[str, Any] | None = None
