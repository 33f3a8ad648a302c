"""Idempotency keys: the answer of a call is stored in the transaction that did it."""

from collections.abc import Callable
from typing import Any, TypeVar

from listener_sdk.protocol.codes import Refusal

from .command import Once, Replayed
from .database import Reader
from .transaction import Transaction

KEPT_MS = 86_400_000
Result = TypeVar("Result")


def once_only(tx: Transaction, once: Once[Result], act: Callable[[], Result]) -> Result | Replayed:
    """Do ``act`` for a new key; for a known one, the answer of then.

    Refusal ``idempotency_mismatch`` when the key came with another body in the last 24 hours.
    """
    before = tx.once.get((once.scope, once.key))
    if before is not None:
        _same(once, before[0])
        return before[1]  # type: ignore[no-any-return]  # the result of the same call, in this batch
    found = _stored(tx, once)
    if found:
        _same(once, found[0])
        return Replayed(found[1])
    result = act()
    tx.once[once.scope, once.key] = (once.body_hash, result)
    tx.at_last(lambda: _remember(tx, once, result))
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


def _stored(tx: Transaction, once: Once[Any]) -> tuple[str, str] | None:
    found = tx.rows(
        "SELECT body_hash, answer FROM idempotency WHERE scope = :scope AND idem_key = :key AND created_at > :since",
        scope=once.scope,
        key=once.key,
        since=tx.now - KEPT_MS,
    )
    return (found[0][0], found[0][1]) if found else None


def _same(once: Once[Any], body_hash: str) -> None:
    if body_hash != once.body_hash:
        raise Refusal(
            "idempotency_mismatch",
            "This Idempotency-Key was used with another body in the last 24 hours: send a new key for a new call.",
            key="Idempotency-Key",
        )


def _remember(tx: Transaction, once: Once[Any], result: Any) -> None:
    tx.run("DELETE FROM idempotency WHERE scope = :scope AND idem_key = :key", scope=once.scope, key=once.key)
    tx.insert(
        "idempotency",
        ("scope", "idem_key", "body_hash", "answer", "created_at"),
        (once.scope, once.key, once.body_hash, once.answer(result), tx.now),
    )
