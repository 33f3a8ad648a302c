"""``client.runs``: what became of the launches and due times of job definitions."""

from collections.abc import AsyncGenerator, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from yarl import URL

from ._channel import plain_input
from ._download import CHUNK, download
from ._given import body_text, check_names
from ._http import Http, query_of
from .pages import Page, each, page_of
from .protocol.runs import Run, RunAgain

CHOOSING: Final = ("definition", "schedule", "target", "result", "mode", "trigger", "since", "until")
FILTERS: Final = (*CHOOSING, "page_size", "cursor")
PATH: Final = "/v1/runs"


class Runs:
    """Calls of ``/v1/runs``. A run is a job of a definition, or a due time of a schedule that was skipped or failed, which has no job."""

    def __init__(self, http: Http) -> None:
        self._http = http

    async def list(self, **filters: Any) -> Page[Run]:
        """One page of the history, newest first.

        - ``filters``: ``definition`` (code or id), ``schedule`` (id), ``target``; ``result`` (``running``, ``success``, ``partial``,
          ``failed``, ``canceled``, ``skipped``), ``mode`` and ``trigger`` (``person``, ``api``, ``schedule``, ``event``, ``hook``,
          ``listener``, ``action``, ``retry``), each one or a list; ``since``, ``until`` (when they were made); ``page_size`` (50; at most 1,000),
          ``cursor``
        """
        check_names("list", filters, FILTERS)
        return page_of(Run, await self._http.get(PATH, _joined(filters)))

    def iterate(self, **filters: Any) -> AsyncGenerator[Run, None]:
        """All runs of the filters, newest first, a page at a time."""
        return each(self.list, **filters)

    async def get(self, run_id: str) -> Run:
        """One run with its ``params``, its whole ``outcome``, and links to its files."""
        return await self._http.record(Run, "GET", f"{PATH}/{quote(run_id, safe='')}")

    async def again(
        self,
        run_id: str,
        params: Mapping[str, Any] | Any = None,
        *,
        mode: str | None = None,
        idempotency_key: str | None = None,
    ) -> Run:
        """Run it again, as a new job; ``rerun_of`` names the first. ApiError ``already_retried`` while another such run goes on.

        - ``params``: each in the place of the run's own of this name; without any it is as it was
        - ``mode``: ``full`` or ``delta``, if it is to be another
        - ``idempotency_key``: with one the call can be repeated safely for a day
        """
        given = {"params": plain_input(params) or {}, **({} if mode is None else {"mode": mode})}
        path = f"{PATH}/{quote(run_id, safe='')}/_again"
        return await self._http.record(
            Run, "POST", path, body_text(RunAgain, given), idempotency_key=idempotency_key
        )

    async def export(self, to: Path | str, format: str = "csv", **filters: Any) -> Path:  # noqa: A002 - the API's word
        """Write all runs of the filters to a file; the path it has then.

        - ``to``: the path, replacing what stands there; or a folder, in which the file gets a name of the server's
        - ``format``: ``csv``, or ``jsonl`` for one JSON object a line
        - ``filters``: as for ``list``, without those of pages
        """
        return await download(self._http, self._address(format, filters), Path(to), with_key=True)

    async def chunks(self, format: str = "csv", **filters: Any) -> AsyncGenerator[bytes, None]:  # noqa: A002 - the API's word
        """The bytes of the same file, as they come."""
        async with self._http.request("GET", self._address(format, filters)) as response:
            async for chunk in response.content.iter_chunked(CHUNK):
                yield chunk

    def _address(self, form: str, filters: dict[str, Any]) -> URL:
        check_names("export", filters, CHOOSING)
        return self._http.url(f"{PATH}/export").with_query(query_of({**_joined(filters), "format": form}))


def _joined(filters: dict[str, Any]) -> dict[str, Any]:
    """Several words of one filter as the server takes them."""
    return {
        name: ",".join(value) if isinstance(value, list | tuple) else value for name, value in filters.items()
    }
