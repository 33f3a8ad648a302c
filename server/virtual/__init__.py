"""A whole server in virtual time, for tests and simulations: a day is over in moments, and one seed has one course of events."""

from .history import History
from .invariants import Violation
from .listeners import Failed, Job, Listener, Subscriber
from .loop import StuckError
from .trace import Trace
from .world import CrashedError, UnmetError, World, run

__all__ = [
    "CrashedError",
    "Failed",
    "History",
    "Job",
    "Listener",
    "StuckError",
    "Subscriber",
    "Trace",
    "UnmetError",
    "Violation",
    "World",
    "run",
]
