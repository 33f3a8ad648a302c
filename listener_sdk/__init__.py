"""The listener SDK: what users import. Names load when they are first used, so that the protocol alone stays light."""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from ._version import __version__

if TYPE_CHECKING:
    from . import next_
    from .client import Client
    from .errors import (
        ApiError,
        Canceled,
        ConnectionFailed,
        CursorError,
        Fatal,
        InvalidError,
        JobFailed,
        NotTickwire,
        RegistrationError,
        Retry,
        SettingsError,
        TickwireError,
    )
    from .handle import JobHandle
    from .job import Job, SyncJob
    from .listener import Listener
    from .matching import WatchedEvent
    from .outcome import Outcome
    from .pages import Page
    from .parts import Parts, PartsResult, SyncParts
    from .protocol.events import Event
    from .protocol.jobs import File
    from .subscription import LiveTick, Subscription

__all__ = [
    "ApiError",
    "Canceled",
    "Client",
    "ConnectionFailed",
    "CursorError",
    "Event",
    "Fatal",
    "File",
    "InvalidError",
    "Job",
    "JobFailed",
    "JobHandle",
    "Listener",
    "LiveTick",
    "NotTickwire",
    "Outcome",
    "Page",
    "Parts",
    "PartsResult",
    "RegistrationError",
    "Retry",
    "SettingsError",
    "Subscription",
    "SyncJob",
    "SyncParts",
    "TickwireError",
    "WatchedEvent",
    "__version__",
    "next_",
]

_HOMES: Final = {
    "ApiError": "errors",
    "Canceled": "errors",
    "Client": "client",
    "ConnectionFailed": "errors",
    "CursorError": "errors",
    "Event": "protocol.events",
    "Fatal": "errors",
    "File": "protocol.jobs",
    "InvalidError": "errors",
    "Job": "job",
    "JobFailed": "errors",
    "JobHandle": "handle",
    "Listener": "listener",
    "LiveTick": "subscription",
    "NotTickwire": "errors",
    "Outcome": "outcome",
    "Page": "pages",
    "Parts": "parts",
    "PartsResult": "parts",
    "RegistrationError": "errors",
    "Retry": "errors",
    "SettingsError": "errors",
    "Subscription": "subscription",
    "SyncJob": "job",
    "SyncParts": "parts",
    "TickwireError": "errors",
    "WatchedEvent": "matching",
}


def __getattr__(name: str) -> Any:
    if name == "next_":
        return import_module(".next_", __name__)
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(import_module(f".{_HOMES[name]}", __name__), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
