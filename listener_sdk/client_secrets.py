"""``client.secrets``: values that handlers need and nobody else reads."""

from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import quote

from ._given import body_text, check_names
from ._http import Http
from .errors import ApiError
from .pages import Page, page_of
from .protocol.ids import decode
from .protocol.secrets import Secret, SecretWrite

FILTERS: Final = ("actor_id", "page_size", "cursor")


class Secrets:
    """Calls of ``/v1/secrets``. Setting takes a developer's or administrator's key; only a listener's reads values."""

    def __init__(self, http: Http) -> None:
        self._http = http

    async def set(
        self,
        name: str,
        value: str,
        *,
        jobs: Sequence[str] | None = None,
        description: str | None = None,
        actor_id: str | None = None,
    ) -> Secret:
        """Make a secret, or give it another value; its facts, without the value.

        - ``name``: letters, digits, dots, dashes and underscores
        - ``value``: at most 64 KiB
        - ``jobs``: names or globs of the jobs whose handlers may have it; else as it was, all at first
        - ``description``: for people; else as it was
        - ``actor_id``: of whom it is, where the same name stands for several
        """
        given: dict[str, Any] = {"jobs": jobs and [*jobs], "description": description, "actor_id": actor_id}
        told = {field: one for field, one in given.items() if one is not None}
        sent = body_text(SecretWrite, {"name": name, "value": value, **told})
        answer = await self._http.call("POST", "/v1/secrets", sent)
        return next(
            one for one in page_of(Secret, answer).items if (one.name, one.actor_id) == (name, actor_id)
        )

    async def list(self, **filters: Any) -> Page[Secret]:
        """One page of the space's secrets, oldest first, those of actors last.

        - ``filters``: ``actor_id``, ``page_size`` (1,000, which is all), ``cursor``
        """
        check_names("list", filters, FILTERS)
        return page_of(Secret, await self._http.get("/v1/secrets", filters))

    async def delete(self, secret: str) -> None:
        """Remove a secret, by its id or by its name; ApiError ``not_found``."""
        secret_id = secret if decode("sec", secret) is not None else await self._id(secret)
        await self._http.call("DELETE", f"/v1/secrets/{quote(secret_id, safe='')}")

    async def _id(self, name: str) -> str:
        for one in (await self.list()).items:
            if one.name == name and one.actor_id is None:
                return one.id
        raise ApiError.of_code("not_found", f"There is no secret {name} in this space.")
