"""A client's session without a connection: the server's frames are put into it by hand."""

from collections.abc import Iterable
from typing import Any

from listener_sdk._granted import read
from listener_sdk._leases import LeaseKey
from listener_sdk._session import Session
from listener_sdk.protocol.frames import Complete
from tests.sdk.fake_server import wire_job

ONE = LeaseKey("us_jb_0000000001", 1)


def hear(session: Session, /, **frame: Any) -> list[Any]:
    """What the session makes of a frame of the server."""
    return session.receive(read(frame))


def welcome(session: Session, stale: Iterable[tuple[str, int]] = ()) -> list[Any]:
    """Connect it; these leases are over for the server."""
    session.hello()
    return hear(
        session, type="welcome", version=1, session=session.name, server="s", space="default", leaseS=30, graceS=30,
        now="2026-01-01T00:00:00Z", stale=[{"job": job, "fence": fence} for job, fence in stale],
    )  # fmt: skip


def grant(session: Session, lease: LeaseKey = ONE) -> list[Any]:
    """Lease it a job."""
    job = wire_job(id=lease.job, fence=lease.fence)
    return hear(session, type="grants", jobs=[{"job": job, "fence": lease.fence, "attempt": 1}])


def kinds(frames: Iterable[Any]) -> list[str]:
    """The types of frames."""
    return [frame.type for frame in frames]


def done(lease: LeaseKey = ONE) -> Complete:
    """The ending of a job that went well."""
    return Complete(job=lease.job, fence=lease.fence)


def connected() -> Session:
    """A session that is connected and has nothing to say."""
    session = Session("session-1")
    welcome(session)
    session.take()
    return session
