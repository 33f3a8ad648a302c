"""The client: everything that a program may ask of the server."""

from importlib import import_module
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

from ._creates import Creates
from ._http import Http
from ._waits import Waits
from .protocol.jobs import JsonObject
from .protocol.keys import WhoAmI
from .settings import connection
from .subscription import Subscription, as_patterns

if TYPE_CHECKING:
    from . import (
        client_actions,
        client_audit,
        client_definitions,
        client_endpoints,
        client_events,
        client_files,
        client_hooks,
        client_job_types,
        client_jobs,
        client_keys,
        client_listeners,
        client_members,
        client_notifications,
        client_plans,
        client_runs,
        client_schedules,
        client_secrets,
        client_spaces,
        client_subscriptions,
        client_tokens,
    )

_MADE_OF: Final = {
    "jobs": ("_http", "_waits", "_creates", "subscribe"),
    "job_types": ("_http", "jobs"),
    "definitions": ("_http", "jobs"),
    "schedules": ("_http", "jobs"),
}
"""What parts are made of that need more than the calls themselves."""


class Client:
    """Calls over REST, subscriptions (and what is said below) over the stream: ``async with Client() as client``.

    - ``url``: the server's address; else ``TICKWIRE_URL``, else ``http://127.0.0.1:8420``
    - ``key``: an API key; else ``TICKWIRE_API_KEY``, and for a server on this machine else the ``admin.key`` in
      ``TICKWIRE_DATA_DIR`` (``./.tickwire``)
    - ``space``: the code of the space in which a key of the whole store acts; else ``TICKWIRE_SPACE``, else the key's own
    - ``stream``: ``jobs.create`` goes over a connection that is kept open, at a quarter of the client's CPU where many are created at the same
      time; it waits while the server is away (bound it by ``asyncio.timeout``), and a job may have 1 MiB

    SettingsError when no key is found. Calls raise ApiError when the server refuses, ConnectionFailed when none answers, and
    NotTickwire when another server does.
    """

    jobs: "client_jobs.Jobs"
    job_types: "client_job_types.JobTypes"
    definitions: "client_definitions.Definitions"
    schedules: "client_schedules.Schedules"
    runs: "client_runs.Runs"
    plans: "client_plans.Plans"
    actions: "client_actions.Actions"
    events: "client_events.Events"
    endpoints: "client_endpoints.Endpoints"
    subscriptions: "client_subscriptions.Subscriptions"
    files: "client_files.Files"
    hooks: "client_hooks.Hooks"
    listeners: "client_listeners.Listeners"
    keys: "client_keys.Keys"
    secrets: "client_secrets.Secrets"
    tokens: "client_tokens.Tokens"
    members: "client_members.Members"
    notifications: "client_notifications.Notifications"
    audit: "client_audit.Audit"
    environments: "client_spaces.Environments"
    spaces: "client_spaces.Spaces"

    def __init__(
        self,
        url: str | None = None,
        key: str | None = None,
        *,
        space: str | None = None,
        stream: bool = False,
    ) -> None:
        self.connection = connection(url, key, space)
        self._http = Http(self.connection)
        self._subscriptions: list[Subscription] = []
        self._waits = Waits(self.connection)
        self._creates = Creates(self.connection) if stream else None

    if not TYPE_CHECKING:  # a checker would take every misspelt name for a part

        def __getattr__(self, name: str) -> Any:
            """A part is imported and made when it is first asked for: a program waits for what it uses."""
            if name not in PARTS:
                raise AttributeError(
                    f"{type(self).__name__!r} object has no attribute {name!r}", name=name, obj=self
                )
            module, _, kind = Client.__annotations__[name].partition(".")
            made_of = [getattr(self, one) for one in _MADE_OF.get(name, ("_http",))]
            made = getattr(import_module(f".{module}", __package__), kind)(*made_of)
            setattr(self, name, made)
            return made

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *PARTS})

    @property
    def url(self) -> str:
        """The server's address."""
        return self.connection.url

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """End all subscriptions and connections of this client."""
        while self._subscriptions:
            await self._subscriptions.pop().aclose()
        await self._waits.close()
        if self._creates is not None:
            await self._creates.close()
        await self._http.close()

    async def whoami(self) -> WhoAmI:
        """The key that is used, its space, and the server's version and position."""
        return await self._http.record(WhoAmI, "GET", "/v1/whoami")

    def subscribe(
        self,
        *topics: str | list[str],
        where: JsonObject | None = None,
        after: str = "now",
        progress: bool = False,
        name: str | None = None,
    ) -> Subscription:
        """Follow the log: ``async for event in client.subscribe("job:*")``.

        - ``topics``: topics or patterns (``job:*``); without any, all
        - ``where``: a filter of the events, such as ``{"jobId": job.id}``
        - ``after``: ``now``, ``oldest``, or a position (an event's ``position``, a page's ``as_of``), which resumes exactly
        - ``progress``: let the live ticks of running jobs come between the events, as `LiveTick`
        - ``name``: makes it durable: the server keeps under this name how far its events are dealt with, and the next that subscribes by it
          goes on there. Then ``after`` says where the first begins, or, as a position, to go on no earlier. One subscription at a time has a
          name: the newest, and the one before it ends with ApiError ``subscription_taken``. It takes a listener's key

        It has a connection of its own, and ends with the client at the latest. ApiError when a pattern or filter is malformed.
        """
        made = Subscription(self.connection, as_patterns(topics), where, after, progress=progress, name=name)
        self._subscriptions = [one for one in self._subscriptions if not one.ended]
        self._subscriptions.append(made)
        return made


PARTS: Final = tuple(Client.__annotations__)
"""The names of its parts, each for the calls of one kind of record."""
