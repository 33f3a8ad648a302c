"""Hooks on every database: kept, found by their address, and called by the same statements."""

from dataclasses import replace

from hooked import SECRET, call, hook
from stage import ADMIN

from listener_sdk.protocol.hooks import HookUpdate
from server.commands.hooks import DELETE_HOOK, ROTATE_HOOK, UPDATE_HOOK, DeleteHook, RotateHook, UpdateHook
from server.commands.signing_secrets import valid
from server.core.dispatch import Dispatch
from server.core.hooks import HookRow
from server.core.retention import DAY_MS, Retention
from server.store import clearing, hook_deliveries, hooks
from server.store.hook_deliveries import DeliveryRow
from server.store.pages import Window
from server.store.transaction import Facts, Transaction

ROW = HookRow(
    id=1, space_id=1, door="abc", name="Ω", enabled=1, version=1, body='{"a":1}', created_at=1, created_by="us_key_1", updated_at=1,
    updated_by="us_key_1",
)  # fmt: skip
CAME = DeliveryRow(
    id=1, space_id=1, hook_id=1, at=1, status="failed", job_id=None, replay_of=None, size=2, head="{}", body="Ω\n", problem="[]",
)  # fmt: skip


def deliver(tx, *rows):
    values = [tuple(getattr(row, name) for name in hook_deliveries.COLUMNS) for row in rows]
    tx.insert_many("hook_delivery", hook_deliveries.COLUMNS, values)


def test_a_hook_comes_back_as_it_was(tx):
    hooks.insert(tx, ROW)
    assert hooks.load(tx, 1, 1) == hooks.keep(tx, 1, 1) == hooks.by_door(tx, "abc") == ROW
    changed = replace(ROW, door="d", name="b", enabled=0, version=2, body="{}", updated_at=2, updated_by="x")
    hooks.update(tx, changed)
    assert hooks.page(tx, 1, Window(1)) == [changed]
    assert (hooks.version(tx, 1), hooks.version(tx, 2), hooks.count(tx, 1), hooks.count(tx, 2)) == (
        2,
        None,
        1,
        0,
    )
    clearing.forget(tx, 1)
    assert hooks.load(tx, 1, 1) is None


def test_deliveries_are_paged_and_go(tx):
    deliver(
        tx,
        *(
            replace(CAME, id=number, at=number, status=("failed", "ignored")[number % 2])
            for number in range(1, 6)
        ),
    )
    rows, more = hook_deliveries.page(tx, 1, None, Window(2, after=5))
    assert ([row.id for row in rows], more) == ([4, 3], True)
    rows, more = hook_deliveries.page(tx, 1, "failed", Window(9))
    assert ([row.id for row in rows], more) == ([4, 2], False)
    assert hook_deliveries.load(tx, 1, 1) == replace(CAME, at=1, status="ignored")
    rules = Retention(delivery_ms=DAY_MS, deliveries=2)
    assert hook_deliveries.old(tx, rules, DAY_MS, 9) == [1, 2, 3]
    assert hook_deliveries.old(tx, rules, DAY_MS + 4, 9) == [1, 2, 3, 4]
    assert hook_deliveries.remove(tx, [1, 2]) == 2


def test_replay_keys_are_known_for_their_time(tx):
    deliver(tx, CAME)
    keys = [(1, "a", 1, 1, 5), (1, "b", 1, 9, 5), (2, "a", 1, 1, 9)]
    tx.insert_many("hook_replay", hook_deliveries.REPLAY_COLUMNS, keys)
    end = hook_deliveries.REPLAY_MS + 5

    def known(key, now):
        batch = Transaction(tx, now, Facts("us_acc_test", {}), Dispatch(), lambda: 0.5)
        return hook_deliveries.known(batch, 1, key)

    assert known("a", end - 1) == (1, "failed", None)
    assert known("b", end - 1) == (9, None, None)
    assert known("c", 0) is None
    assert hook_deliveries.old_replays(tx, end, 9) == 2
    assert known("a", end) is None
    assert hook_deliveries.remove_replays(tx, end, 9) == 1
    assert hook_deliveries.old_replays(tx, end + 4, 9) == 1


def test_what_came_to_hooks_that_are_gone_is_found_and_goes_by_pages(tx):
    hooks.insert(tx, ROW)
    deliver(tx, *(replace(CAME, id=number, hook_id=1 + number // 4) for number in range(1, 8)))
    keys = [(hook_id, f"k{n}", 1, 1, 5) for hook_id in (1, 5) for n in range(3)]
    tx.insert_many("hook_replay", hook_deliveries.REPLAY_COLUMNS, keys)
    assert hook_deliveries.left_behind(tx) == [2, 5]
    assert [hook_deliveries.remove_of(tx, 2, 3) for _ in range(2)] == [True, False]
    assert [hook_deliveries.remove_of(tx, 5, 2) for _ in range(2)] == [True, False]
    assert hook_deliveries.left_behind(tx) == []
    assert tx.rows("SELECT id FROM hook_delivery ORDER BY id") == [(1,), (2,), (3,)]
    assert tx.rows("SELECT DISTINCT hook_id FROM hook_replay") == [(1,)]


async def test_a_hook_lives(stage):
    row = await hook(stage, job_type="noop")
    first = await call(stage, row, b'{"seconds":0}', "one")
    assert (await call(stage, row, key="one")).delivery_id == first.delivery_id
    item = RotateHook(ADMIN, row.id, None, {"github": "another-secret"}, 1_000, None, stage.node.sealer)
    row = await stage.do(ROTATE_HOOK, item)
    sealer, now = stage.node.sealer, stage.clock()
    assert await stage.node.read(lambda r: valid(r, sealer, row.public_id, now)) == ["another-secret", SECRET]
    row = await stage.do(UPDATE_HOOK, UpdateHook(ADMIN, row.id, HookUpdate(name="b")))
    assert (await call(stage, row, b'{"seconds":0}', "two")).status == "started"
    await stage.do(DELETE_HOOK, DeleteHook(ADMIN, row.id))
    assert await stage.rows("SELECT id FROM hook") == []
    assert await stage.rows("SELECT id FROM signing_secret") == []
