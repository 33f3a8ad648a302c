"""The event triggers of a definition that is made or changed: how many a space may have, and where in the log they begin."""

from typing import Final

from listener_sdk.protocol.codes import Refusal

from ..core.definitions import DefinitionRow
from ..store import definitions
from ..store import triggers as sql
from ..store.transaction import NewEvent, Transaction

MOST_PATTERNS: Final = 10_000
"""Topics and patterns at which the triggers of a space look."""


def check_room(tx: Transaction, after: DefinitionRow, before: int = 0) -> None:
    """Refusal ``limit`` where the triggers of the space would look at too much: every server holds them in memory, and compares them with
    each new topic. ``before`` is at how much those of this definition have looked.
    """
    if after.patterns <= before:
        return
    others = definitions.patterns(tx.connection, after.space_id) - before
    if others + after.patterns > MOST_PATTERNS:
        raise Refusal(
            "limit",
            f"The event triggers of a space's enabled definitions look at {MOST_PATTERNS} topics and patterns at most; those of other "
            f"definitions look at {others}, and these at {after.patterns}: disable or delete some first.",
            key="jobDefinition.triggers",
        )


def begin(tx: Transaction, row: DefinitionRow, told: NewEvent | None) -> None:
    """What happened before this event is not for its triggers."""
    if told is not None and row.triggers_at is not None:
        tx.at_last(lambda: sql.begin_after(tx.connection, row.id, told.seq))
