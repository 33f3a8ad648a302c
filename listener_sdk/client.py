"""The client: everything that a program may ask of the server."""

from types import TracebackType
from typing import Self

from ._creates import Creates
from ._http import Http
from ._waits import Waits
from .client_actions import Actions
from .client_audit import Audit
from .client_definitions import Definitions
from .client_events import Events
from .client_files import Files
from .client_job_types import JobTypes
from .client_jobs import Jobs
from .client_keys import Keys, WhoAmI
from .client_members import Members
from .client_notifications import Notifications
from .client_plans import Plans
from .client_runs import Runs
from .client_schedules import Schedules
from .client_secrets import Secrets
from .client_spaces import Environments, Spaces
from .client_tokens import Tokens
from .protocol.jobs import JsonObject
from .settings import connection
from .subscription import Subscription, as_patterns


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
        self.jobs = Jobs(self._http, self._waits, self._creates)
        self.job_types = JobTypes(self._http, self.jobs)
        self.definitions = Definitions(self._http, self.jobs)
        self.schedules = Schedules(self._http, self.jobs)
        self.runs = Runs(self._http)
        self.plans = Plans(self._http)
        self.actions = Actions(self._http)
        self.events = Events(self._http)
        self.files = Files(self._http)
        self.keys = Keys(self._http)
        self.secrets = Secrets(self._http)
        self.tokens = Tokens(self._http)
        self.members = Members(self._http)
        self.notifications = Notifications(self._http)
        self.audit = Audit(self._http)
        self.environments = Environments(self._http)
        self.spaces = Spaces(self._http)

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
    ) -> Subscription:
        """Follow the log: ``async for event in client.subscribe("job:*")``.

        - ``topics``: topics or patterns (``job:*``); without any, all
        - ``where``: a filter of the events, such as ``{"jobId": job.id}``
        - ``after``: ``now``, ``oldest``, or a position (an event's ``position``, a page's ``as_of``), which resumes exactly
        - ``progress``: let the live ticks of running jobs come between the events, as `LiveTick`

        It has a connection of its own, and ends with the client at the latest. ApiError when a pattern or filter is malformed.
        """
        made = Subscription(self.connection, as_patterns(topics), where, after, progress=progress)
        self._subscriptions = [one for one in self._subscriptions if not one.ended]
        self._subscriptions.append(made)
        return made
