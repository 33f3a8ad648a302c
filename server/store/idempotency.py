"""Idempotency keys: the answer of a call is stored in the transaction that did it."""

from collections.abc import Callable
from functools import partial
from typing import Any, Final, TypeVar

from listener_sdk.protocol.codes import Refusal

from .command import Once, Replayed
from .database import Reader
from .sought import Sought
from .transaction import Transaction

KEPT_MS = 86_400_000
Result = TypeVar("Result")
_STORED: Final = (
    "SELECT idem_key, body_hash, answer, created_at FROM idempotency WHERE scope = :scope AND idem_key {}"
)


def sought(once: Once[Any]) -> Sought:
    """The answer of the first call, in the store."""
    return Sought(_STORED, once.scope, once.key)


def once_only(
    tx: Transaction, once: Once[Result], act: Callable[[], Result], *, placed: bool = False
) -> Result | Replayed:
    """Do ``act`` for a new key; for a known one, the answer of then. ``placed`` when the answer tells places in the log.

    Refusal ``idempotency_mismatch`` when the key came with another body in the last 24 hours.
    """
    before = tx.once.get((once.scope, once.key))
    if before is not None:
        _same(once, before[0])
        return before[1]  # type: ignore[no-any-return]  # the result of the same call, in this batch
    found = tx.sought.find(sought(once))
    expired = found is not None and found[2] <= tx.now - KEPT_MS
    if found is not None and not expired:
        _same(once, found[0])
        return Replayed(found[1])
    result = act()
    tx.once[once.scope, once.key] = (once.body_hash, result)
    remember = partial(_remember, tx, once, result, expired=expired)
    (tx.at_last if placed else tx.at_end)(remember)
    return result


def count_old(reader: Reader, now: int, count: int) -> int:
    """How many keys have expired, counted up to ``count``."""
    found = reader.rows(
        "SELECT COUNT(*) FROM (SELECT 1 FROM idempotency WHERE created_at <= :before LIMIT :count) old",
        before=now - KEPT_MS,
        count=count,
    )
    return int(found[0][0])


def prune(tx: Transaction, count: int) -> int:
    """Remove expired keys, at most ``count``; how many went."""
    return tx.run(
        "DELETE FROM idempotency WHERE (scope, idem_key) IN "
        "(SELECT scope, idem_key FROM idempotency WHERE created_at <= :before LIMIT :count)",
        before=tx.now - KEPT_MS,
        count=count,
    )


def _same(once: Once[Any], body_hash: str) -> None:
    if body_hash != once.body_hash:
        raise Refusal(
            "idempotency_mismatch",
            "This Idempotency-Key was used with another body in the last 24 hours: send a new key for a new call.",
            key="Idempotency-Key",
        )


def _remember(tx: Transaction, once: Once[Any], result: Any, *, expired: bool) -> None:
    if expired:
        tx.run(
            "DELETE FROM idempotency WHERE scope = :scope AND idem_key = :key AND created_at <= :before",
            scope=once.scope,
            key=once.key,
            before=tx.now - KEPT_MS,
        )
    tx.insert(
        "idempotency",
        ("scope", "idem_key", "body_hash", "answer", "created_at"),
        (once.scope, once.key, once.body_hash, once.answer(result), tx.now),
    )
