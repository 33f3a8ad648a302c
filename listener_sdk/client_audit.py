"""``client.audit``: who has changed what, from where."""

from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any, Final

from yarl import URL

from ._download import CHUNK, download
from ._http import Http, query_of
from .pages import Page, each, page_of
from .protocol.audit import AuditLine

PATH: Final = "/v1/audit/export"


class Audit:
    """Calls of ``/v1/audit``, for administrators."""

    def __init__(self, http: Http) -> None:
        self._http = http

    async def list(self, **filters: Any) -> Page[AuditLine]:
        """One page, newest first.

        - ``filters``: ``actor``, ``action`` (a topic such as ``key:created``, or ``key:*``), ``target``, ``since``, ``until``,
          ``deleted_space`` (its code, for keys of the whole store), ``page_size`` (100; at most 1,000), ``cursor``
        """
        return page_of(AuditLine, await self._http.get("/v1/audit", filters))

    def iterate(self, **filters: Any) -> AsyncGenerator[AuditLine, None]:
        """All lines of the filters, newest first, a page at a time."""
        return each(self.list, **filters)

    async def export(self, to: Path | str, format: str = "csv", **filters: Any) -> Path:  # noqa: A002 - the API's word
        """Write all lines of the filters to a file; the path it has then.

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
        return self._http.url(PATH).with_query(query_of({**filters, "format": form}))
