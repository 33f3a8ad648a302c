"""A space and a job that was just created; tests take copies of it with ``dataclasses.replace``."""

import pytest

from server.core.actors import Space
from server.core.jobs import JobRow

NOW = 1_767_225_600_000


@pytest.fixture
def now() -> int:
    return NOW


@pytest.fixture
def space() -> Space:
    return Space(1, "default", "Default")


@pytest.fixture
def job() -> JobRow:
    return JobRow(
        id=7, space_id=1, name="workbook:export", status="created", source="us_sp_default", parent_id=None,
        part=None, parts=None, followed=0,
        rerun_of=None, file_id=None, priority=0, unique_key=None, spec="{}", created_by="us_key_0000000000",
        created_at=NOW, updated_at=NOW, scheduled_at=None, ready_at=None, granted_at=None, started_at=None,
        attempt_started_at=None, finished_at=None, acknowledged_at=None, cancel_requested_at=None, info=None,
        progress=None, done=None, total=None, eta_at=None, eta_given=0, outcome=None, result=None, attempt=0,
        max_attempts=5, fence=0, holder=None, lease_expires_at=None, run_timeout_ms=3_600_000, queue_timeout_ms=None,
        total_timeout_ms=86_400_000, due_at=None,
    )  # fmt: skip
