"""The loop that wraps the keys of secrets anew under the newest master key, and says when some are locked."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any, Final

import structlog

from ..commands.secrets import REWRAP_SECRETS, RewrapSecrets
from ..commands.signing_secrets import REWRAP_SIGNING
from ..security.sealing import PREFIX_LENGTH, Sealer
from ..store import secrets
from ..store.command import Command
from .calm import calmly

EVERY_S: Final = 60.0
_KINDS: Final[tuple[tuple[str, Command[RewrapSecrets, int | None]], ...]] = (
    (secrets.OF_SPACES, REWRAP_SECRETS),
    (secrets.OF_SIGNING, REWRAP_SIGNING),
)
"""Tables of secrets, and what wraps these anew."""
_ADVICE: Final = (
    "They were sealed under a master key that this server does not have. Put that key's line into master.key, below "
    "the first, or set TICKWIRE_MASTER_KEY_PREVIOUS, and restart; or set the secrets anew."
)
_log = structlog.get_logger("tickwire.secrets")


class SealingLoop:
    """``submit`` and ``read`` are the node's. Every server may do it: who comes late finds nothing to do."""

    def __init__(self, sealer: Sealer, submit: Callable[..., Any], read: Callable[..., Any]) -> None:
        self._sealer = sealer
        self._submit = submit
        self._read = read
        self._locked = 0
        self.every_s = EVERY_S

    async def run(self) -> None:
        """Look at once and then every minute, until cancelled."""
        while True:
            await calmly(self.look, "rewrapping_failed", _log)
            await asyncio.sleep(self.every_s)

    async def look(self) -> int:
        """Wrap anew what an older master key has wrapped; how many secrets of the store no master key opens."""
        locked = 0
        for table, command in _KINDS:
            found: dict[str, int] = await self._read(
                partial(secrets.count_by_prefix, length=PREFIX_LENGTH, table=table)
            )
            for prefix in found.keys() - {self._sealer.prefix}:
                if self._sealer.knows(prefix):
                    await self._rewrap(command, prefix)
                    _log.info("secrets_rewrapped", count=found[prefix])
            locked += sum(number for prefix, number in found.items() if not self._sealer.knows(prefix))
        self._tell(locked)
        return locked

    async def _rewrap(self, command: Command[RewrapSecrets, int | None], prefix: str) -> None:
        after: int | None = 0
        while after is not None:
            after = await self._submit(command, RewrapSecrets(prefix, after, self._sealer))

    def _tell(self, locked: int) -> None:
        if locked > self._locked:
            _log.error("secrets_locked", count=locked, advice=_ADVICE)
        elif locked < self._locked and not locked:
            _log.info("secrets_unlocked")
        self._locked = locked
