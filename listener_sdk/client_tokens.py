"""``client.tokens``: what a backend gives to its browsers."""

from ._given import body_text
from ._http import Http
from .protocol.tokens import Token, TokenCreate


class Tokens:
    """Calls of ``/v1/tokens``. A token only reads, and ends with the key that made it."""

    def __init__(self, http: Http) -> None:
        self._http = http

    async def create(
        self,
        *,
        job: str | None = None,
        tag: str | None = None,
        definition: str | None = None,
        space: bool = False,
        ttl_s: float = 3_600,
    ) -> Token:
        """Make a token for one job (with its parts), for the jobs of a tag or definition, or for all that a viewer of the space sees.

        InvalidError for several of them, or none.

        - ``job``: the id of the job
        - ``tag``: a tag instead, such as the customer whose jobs they are
        - ``definition``: the code of a job definition instead; of its jobs, without their parts
        - ``space``: True for the whole space instead
        - ``ttl_s``: how long it is valid, a day at most
        """
        given = {"job": job, "tag": tag, "definition": definition, "space": space or None, "ttl_s": ttl_s}
        sent = body_text(TokenCreate, given)
        return await self._http.record(Token, "POST", "/v1/tokens", sent)
