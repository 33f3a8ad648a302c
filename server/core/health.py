"""The health of a definition: failed from a failure on until the next success. Pure."""

from dataclasses import dataclass, replace
from typing import Any

from listener_sdk.protocol.ids import encode
from listener_sdk.protocol.times import to_wire


@dataclass(frozen=True, slots=True)
class Health:
    """One row of table ``definition_health``, its fields in the table's order; times are milliseconds.

    ``failures`` is how many runs have failed since the last success; a row without any is as none.
    """

    id: int
    space_id: int
    since: int
    failures: int
    failed_at: int
    job_id: int | None

    @property
    def failing(self) -> bool:
        """Whether something has failed since the last success."""
        return self.failures > 0

    def failed(self, now: int, job_id: int | None) -> "Health":
        """After one more failure."""
        since = self.since if self.failing else now
        return replace(self, since=since, failures=self.failures + 1, failed_at=now, job_id=job_id)


def health_wire(health: Health | None) -> dict[str, Any]:
    """What a definition shows of it."""
    if health is None or not health.failing:
        return {"health": "ok"}
    failing = {
        "since": to_wire(health.since),
        "failures": health.failures,
        "lastAt": to_wire(health.failed_at),
    }
    if health.job_id is not None:
        failing["jobId"] = encode("jb", health.job_id)
    return {"health": "failed", "failing": failing}
