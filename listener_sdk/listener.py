"""Listeners: what users register handlers on, and what runs them."""

import asyncio
import logging
import signal
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final, TypeVar

from . import _loop
from ._declaring import Said
from .client import Client
from .errors import RegistrationError
from .handlers import Function, Handler, make_handler, place_of
from .matching import Branch, Watcher, make_watcher
from .protocol.jobs import JsonObject
from .service import Service

DEFAULT_CONCURRENCY: Final = 10
DEFAULT_GRACE_S: Final = 25.0

Registered = TypeVar("Registered", bound=Callable[..., Any])

log = logging.getLogger("tickwire")


class Listener:
    """What handlers of jobs (`job`) and callbacks for events (`on`) are registered on, and what runs them (`run`, `serve`).

    ``tickwire listen script.py`` runs the one that is called ``listener`` in the script. Listeners nest: `filter` and `namespace`
    make inner ones that only see what passes, `use` mounts another. ``name`` is for people.
    """

    def __init__(self, name: str | None = None) -> None:
        self.name = name
        self.branch = Branch()
        """What is registered here."""

    # ---- registering

    def job(
        self,
        name: str,
        *,
        label: str | None = None,
        input: Any = None,  # noqa: A002 - the wire's word
        filter: JsonObject | None = None,  # noqa: A002 - the wire's word
        concurrency: int | None = None,
        secrets: Sequence[str] = (),
        description: str | None = None,
        code: str | None = None,
        modes: Sequence[str] = ("full",),
        needs_file: bool = False,
        limits: Mapping[str, Any] | None = None,
        form: Mapping[str, Any] | None = None,
        schema: Mapping[str, Any] | None = None,
    ) -> Callable[[Registered], Registered]:
        """Take jobs: decorates an ``async def`` that takes a `Job`, or a plain ``def``, run in a thread, that takes a `SyncJob`.

        - ``name``: ``type:operation``; ``workbook:*`` takes every operation of one part, ``workbook:**`` of any number of parts
        - ``label``: a name for people
        - ``input``: the model of the input, where the annotation ``Job[Model]`` does not say it: a pydantic model, a dataclass, a
          TypedDict or any other type that pydantic reads. Without either the input is a plain dict. One that does not fit fails
          the job for good, and says which fields are wrong
        - ``filter``: take only jobs whose event ``job:ready`` passes it, such as ``{"fileId": "us_fl_*"}``; the event shows the job's
          ``input`` and ``metadata`` up to 32 KiB
        - ``concurrency``: how many of these jobs may run at once, 1 to 1,000, in slots of their own. They come on top of those of
          the listener (10 by default), which all handlers without a ``concurrency`` share
        - ``secrets``: names of secrets of the space, which the handler reads as ``job.secrets["name"]``; where one is missing the attempt
          fails before the handler begins

        A handler of one name also declares a *job type*, of which people and programs make jobs whose input is checked first; a glob
        declares none:

        - ``description``: what the job does, for people
        - ``code``: the type's name in addresses and lists; else the job's name
        - ``modes``: ``full``, ``delta`` or both
        - ``needs_file``: the job is made with a ``file_id``
        - ``limits``: of the jobs that are made of it: ``max_attempts``, ``run_timeout_s``, ``queue_timeout_s``, ``total_timeout_s``
        - ``form``: how a person is asked for the input, as ``{"fields": [...]}``; else made of the schema
        - ``schema``: the JSON Schema of the input; else that of the model, or of the form

        Each job goes to one listener; without any it waits. A handler ends its job well by returning an `Outcome`, a text (the
        outcome's message), a dict (the job's ``result``, for programs), or nothing. Whatever it raises fails the attempt; the job
        has 5 attempts unless it was created with another ``max_attempts``, and pauses that grow lie between them. `Fatal` ends the
        job at once, `Retry` says when the next attempt starts. A job may run more than once, so a handler must be safe to repeat.

        RegistrationError, with file and line, when the function cannot be a handler.
        """

        def register(function: Registered) -> Registered:
            made = make_handler(
                function,
                name,
                said=Said(label, description, code, _several(modes), needs_file, limits, form, schema),
                input=input,
                filter=filter,
                concurrency=concurrency,
                secrets=secrets,
            )
            self.branch.handlers.append(made)
            _check_distinct(self.branch.all_handlers())
            return function

        return register

    def on(
        self,
        topics: str | Sequence[str],
        where: JsonObject | None = None,
        *,
        name: str | None = None,
        start: str | None = None,
    ) -> Callable[[Registered], Registered]:
        """Watch events: decorates a function, ``async`` or plain, that takes the event (a `WatchedEvent`).

        - ``topics``: a topic or pattern, or several: ``job:failed``, ``job:*``, ``**`` for all
        - ``where``: a filter of the events, such as ``{"job": "workbook:*"}``

        Every watcher of every listener sees each event, other than a job, which one listener gets. Callbacks run one at a time, in
        the order of the log; one that fails is logged, and is not run again. **Events that happen while the listener is stopped are
        not seen**: it begins with what happens after its start. What must miss nothing has a name:

        - ``name``: makes the callback durable: the server keeps under this name, one in the space, up to where it has seen the log, and
          it goes on there after a stop or a crash. Of all listeners with this callback one runs it, the newest; the others stand by. An
          event comes again when the listener ends before its callback has; a callback that fails is run again, up to 5 times with
          growing pauses, then logged and passed over
        - ``start``: where the log is seen from the first time: ``now``, ``oldest`` or a position

        RegistrationError, with file and line, when a pattern, filter or name is malformed, or a name is there already.
        """

        def register(function: Registered) -> Registered:
            made = make_watcher(function, topics, where, name, start)
            (self.branch.watchers if name is None else self.branch.durables).append(made)
            _check_names(self.branch.all_durables())
            return function

        return register

    def off(self, topics: str | Sequence[str], function: Function, where: JsonObject | None = None) -> None:
        """Undo ``on`` with the same arguments; RegistrationError when there is no such callback."""
        wanted = make_watcher(function, topics, where)
        for known in (self.branch.watchers, self.branch.durables):
            for watcher in known:
                if (watcher.function, watcher.topics, watcher.where) == (function, wanted.topics, where):
                    known.remove(watcher)
                    return
        raise RegistrationError(f"{function!r} does not watch {topics!r} here.")

    def use(self, other: "Listener | Callable[[Listener], Any]") -> None:
        """Mount another listener in this one, or call a function with this one: ``listener.use(invoices.setup)``."""
        if isinstance(other, Listener):
            self._mount(other)
        else:
            other(self)

    def filter(
        self,
        filter: JsonObject,  # noqa: A002 - the wire's word
        use: "Callable[[Listener], Any] | None" = None,
    ) -> "Listener":
        """An inner listener, whose callbacks and jobs only see what passes the filter.

        - ``filter``: as in `on` and `job`
        - ``use``: a function that is called with the inner listener, to register on it

        It is used as a listener, or handed to a function::

            invoices = listener.filter({"job": "invoice:*"})

            @invoices.on("job:failed")
            async def warn(event): ...

            listener.filter({"job": "invoice:*"}, setup)  # calls setup(inner)

        All conditions of a filter must hold; a list holds alternatives.
        """
        inner = Listener(self.name)
        inner.branch = Branch(filter)
        self._mount(inner)
        if use is not None:
            use(inner)
        return inner

    def namespace(
        self, namespace: str | list[str], use: "Callable[[Listener], Any] | None" = None
    ) -> "Listener":
        """An inner listener for events that were published in a namespace: ``filter({"namespaces": namespace})``.

        - ``namespace``: a name or pattern (``space:*``), or several, of which one must match
        - ``use``: as in `filter`

        Jobs are in no namespace: a handler in it gets none.
        """
        return self.filter({"namespaces": namespace}, use)

    def _mount(self, inner: "Listener") -> None:
        self.branch.children.append(inner.branch)
        _check_distinct(self.branch.all_handlers())
        _check_names(self.branch.all_durables())

    # ---- looking

    @property
    def handlers(self) -> tuple[Handler, ...]:
        """All job handlers, inner listeners' included, each with the filters around it. RegistrationError when two are alike."""
        found = tuple(self.branch.all_handlers())
        _check_distinct(found)
        return found

    @property
    def job_names(self) -> tuple[str, ...]:
        """The names (or globs) of the jobs that are taken."""
        return tuple(dict.fromkeys(handler.name for handler in self.handlers))

    @property
    def topics(self) -> tuple[str, ...]:
        """The topic patterns that callbacks watch, but for the durable ones."""
        return self.branch.topics()

    @property
    def durables(self) -> tuple[str, ...]:
        """The names of durable callbacks."""
        return tuple(watcher.name for watcher, _ in self.branch.all_durables() if watcher.name is not None)

    @property
    def client(self) -> Client:
        """The REST client, while the listener is served."""
        if self.branch.client is None:
            raise RuntimeError("the listener is not being served: its client exists inside handlers only")
        return self.branch.client

    # ---- serving

    def run(
        self,
        url: str | None = None,
        key: str | None = None,
        *,
        concurrency: int = DEFAULT_CONCURRENCY,
        grace_s: float = DEFAULT_GRACE_S,
    ) -> None:
        """Serve until SIGINT or SIGTERM, then stop gracefully; a second signal stops at once. Arguments and errors as `serve`."""
        _loop.run(self._run(url, key, concurrency, grace_s))

    async def serve(
        self,
        url: str | None = None,
        key: str | None = None,
        *,
        concurrency: int = DEFAULT_CONCURRENCY,
        grace_s: float = DEFAULT_GRACE_S,
        stop: asyncio.Event | None = None,
    ) -> None:
        """Take jobs and watch events until ``stop`` is set or this is cancelled.

        - ``url``, ``key``: of the server; else as for `Client`
        - ``concurrency``: how many jobs run at once, 1 to 1,000, in all handlers that have no ``concurrency`` of their own
        - ``grace_s``: how many seconds running handlers get to finish once ``stop`` is set; then they are cancelled, and their jobs
          given back without counting an attempt
        - ``stop``: set it to stop gracefully

        Lost connections are mended; running jobs go on meanwhile. RegistrationError when there is nothing to serve, SettingsError
        without a key, ApiError when the server refuses the key, NotTickwire when another server answers.
        """
        if not self.handlers and not self.topics and not self.durables:
            raise RegistrationError(
                "This listener has no handlers: register some with @listener.job or @listener.on."
            )
        if not 1 <= concurrency <= 1000:
            raise ValueError(f"concurrency is 1 to 1000, not {concurrency}")
        async with Client(url, key) as client:
            self.branch.serve_with(client)
            try:
                service = Service(self.branch, client, concurrency)
                await service.until(stop or asyncio.Event(), grace_s)
            finally:
                self.branch.serve_with(None)

    async def _run(self, url: str | None, key: str | None, concurrency: int, grace_s: float) -> None:
        stop = asyncio.Event()
        served = asyncio.ensure_future(
            self.serve(url, key, concurrency=concurrency, grace_s=grace_s, stop=stop)
        )

        def heard() -> None:
            if stop.is_set():
                log.warning("stopping at once")
                served.cancel()
            else:
                log.info("stopping: running jobs may finish within %g s", grace_s)
                stop.set()

        with _signals(heard):
            await asyncio.wait([served])
        if not served.cancelled():
            served.result()


def _several(modes: Sequence[str]) -> tuple[str, ...]:
    return (modes,) if isinstance(modes, str) else tuple(modes)


def _check_distinct(handlers: Iterable[Handler]) -> None:
    seen: dict[tuple[str, str], Handler] = {}
    codes: dict[str | None, Handler] = {}
    for handler in handlers:
        other = seen.setdefault((handler.name, repr(handler.filter)), handler)
        if other is not handler:
            raise RegistrationError(
                f"{handler.place}: {handler.name} has a handler already, at {other.place}. "
                "Remove one, or give them filters that tell their jobs apart."
            )
        code = handler.declares.code if handler.declares is not None else None
        if code is not None and (first := codes.setdefault(code, handler)).name != handler.name:
            raise RegistrationError(
                f"{handler.place}: the code {code} is that of {first.name} already, at {first.place}."
            )


def _check_names(durables: Iterable[tuple[Watcher, object]]) -> None:
    seen: dict[str | None, Watcher] = {}
    for watcher, _ in durables:
        other = seen.setdefault(watcher.name, watcher)
        if other is not watcher:
            raise RegistrationError(
                f"{place_of(watcher.function)}: the name {watcher.name!r} is that of the callback at {place_of(other.function)} already."
            )


@contextmanager
def _signals(heard: Callable[[], None]) -> Iterator[None]:
    """SIGINT and SIGTERM call ``heard`` on the loop. Only the main thread can be told of them."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    for number in before:
        # Not loop.add_signal_handler: Windows has none.
        signal.signal(number, lambda *_: loop.call_soon_threadsafe(heard))
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
