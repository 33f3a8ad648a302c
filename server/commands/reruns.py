"""What jobs that are run again owe to each other: predecessors come before their followers, a split job stands for its parts."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.ids import decode, encode
from listener_sdk.protocol.lifecycle import Status

from ..core.bulk import in_order
from ..core.jobs import JobRow
from ..core.later import later
from ..store import bulk as sql
from ..store.transaction import Transaction

if TYPE_CHECKING:
    from ..core import definitions as facts
    from ..store import definitions
else:
    facts = later("..core.definitions", __package__)
    definitions = later("..store.definitions", __package__)


class Reruns:
    """The reruns that one call makes of these jobs. Pending changes are written before it is made."""

    def __init__(self, tx: Transaction, ids: Sequence[int]) -> None:
        self.made: dict[int, int] = {}
        """Jobs and their reruns, of this call."""
        tx.preload(ids)
        rows = [row for job_id in ids if (row := tx.job(job_id)) is not None]
        self._above = {row.id: _above(tx, row) for row in rows if row.part_number is not None}
        self._running = sql.running_again(tx.connection, [*ids, *_all(self._above)])
        self._follows = {row.id: found for row in rows if (found := _predecessors(row))}
        self._newest = sql.newest_runs(tx.connection, _all(self._follows)) if self._follows else {}
        tx.preload(self._newest.values())
        owners = {row.definition_id for row in rows if row.definition_id is not None}
        self._disabled = definitions.disabled_codes(tx.connection, owners) if owners else {}

    def in_order(self, tx: Transaction, ids: Sequence[int]) -> list[int]:
        """The jobs, each behind its predecessors and behind the job that it is a part of."""
        places = {job_id: index for index, job_id in enumerate(ids)}
        before = {
            job_id: [*self._above.get(job_id, ()), *self._stood_for(job_id)]
            for job_id in {*self._above, *self._follows}
        }
        follows = {
            places[job_id]: [places[other] for other in others if other in places and other != job_id]
            for job_id, others in before.items()
        }
        order, _ = in_order({index: others for index, others in follows.items() if others}, len(ids))
        return [ids[index] for index in order]

    def refuse_double(self, tx: Transaction, old: JobRow) -> None:
        """Refusal ``already_retried`` while a rerun of the job, or of one that it is a part of, has not ended."""
        again = self._again(old.id)
        if again is not None:
            raise already_retried(again)
        for number in self._above.get(old.id, ()):
            again = self._again(number)
            if again is not None:
                raise already_retried(again, number)

    def refuse_disabled(self, old: JobRow) -> None:
        """Refusal ``disabled`` of a job whose definition starts nothing now; one that is gone forbids nothing."""
        code = self._disabled.get(old.definition_id or 0)
        if code is not None:
            raise facts.disabled(code)

    def waits_for(self, tx: Transaction, old: JobRow) -> list[int]:
        """What the rerun of a job follows: the newest runs of its predecessors, without those that ended and are not complete."""
        found = (tx.job(self.made.get(number, number)) for number in self._stood_for(old.id))
        return [
            row.id for row in found if row is not None and (not row.ended or row.status == Status.COMPLETE)
        ]

    def _again(self, job_id: int) -> int | None:
        return self.made.get(job_id) or self._running.get(job_id)

    def _stood_for(self, job_id: int) -> list[int]:
        numbers = self._follows.get(job_id, ())
        return list(dict.fromkeys(self._newest[number] for number in numbers if number in self._newest))


def already_retried(again: int, whole: int | None = None) -> Refusal:
    """The refusal of a second rerun while the first has not ended: a call that is repeated must not double the work."""
    job = encode("jb", again)
    what = "it" if whole is None else f"{encode('jb', whole)}, of which this is a part,"
    return Refusal("already_retried", f"Job {job} runs {what} again and has not ended: wait for it.", job=job)


def _above(tx: Transaction, row: JobRow) -> list[int]:
    """The job that this one is a part of, and so on."""
    found: list[int] = []
    while row.part_number is not None and row.parent_id is not None:
        found.append(row.parent_id)
        parent = tx.job(row.parent_id)
        if parent is None:
            break
        row = parent
    return found


def _predecessors(row: JobRow) -> list[int]:
    if '"predecessorIds":' not in row.spec:
        return []
    numbers = (decode("jb", name) for name in row.described().get("predecessorIds") or ())
    return [number for number in numbers if number is not None]


def _all(lists: dict[int, list[int]]) -> list[int]:
    return list(dict.fromkeys(_flat(lists.values())))


def _flat(lists: Iterable[Iterable[int]]) -> Iterable[int]:
    return (number for some in lists for number in some)
