"""Hooks on every database: kept, found by their address, and called by the same statements."""

from dataclasses import replace

from hooked import SECRET, call, hook
from stage import ADMIN

from listener_sdk.protocol.hooks import HookUpdate
from server.commands.hook_secrets import opened
from server.commands.hooks import DELETE_HOOK, ROTATE_HOOK, UPDATE_HOOK, DeleteHook, RotateHook, UpdateHook
from server.core.hooks import HookRow
from server.core.retention import DAY_MS, Retention
from server.store import clearing, hook_deliveries, hooks, secrets
from server.store.hook_deliveries import DeliveryRow
from server.store.pages import Window

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
    assert hook_deliveries.known(tx, 1, "a", end - 1) == (1, "failed", None)
    assert hook_deliveries.known(tx, 1, "b", end - 1) == (9, None, None)
    assert hook_deliveries.known(tx, 1, "c", 0) is None
    assert hook_deliveries.old_replays(tx, end, 9) == 2
    assert hook_deliveries.known(tx, 1, "a", end) is None
    assert hook_deliveries.remove_replays(tx, end, 9) == 1
    assert hook_deliveries.old_replays(tx, end + 4, 9) == 1


def test_secrets_are_in_order_and_counted_by_their_master_key(tx):
    one = hooks.HookSecret(1, 1, 1, None, "1.old.x", "1.y")
    hooks.add_secret(tx, one, 10)
    hooks.add_secret(tx, replace(one, id=2), 20)
    hooks.add_secret(tx, replace(one, id=3), 30)
    assert [(row.id, row.until) for row in hooks.secrets(tx, 1, 29)] == [(3, None), (2, 30)]
    assert [row.id for row in hooks.secrets(tx, 1, 30)] == [3]
    assert (hooks.old_until(tx, [1, 2], 29), hooks.old_until(tx, [1], 30)) == ({1: 30}, {})
    assert secrets.count_by_prefix(tx, 6, secrets.OF_HOOKS) == {"1.old.": 2}
    (first, _) = hooks.secrets_by_prefix(tx, "1.old.", 0, 9)
    secrets.rewrap(tx, first, "1.new.x", secrets.OF_HOOKS)
    assert [row.wrapped for row in hooks.secrets_by_prefix(tx, "1.new.", 0, 9)] == ["1.new.x"]
    hooks.delete(tx, 1)
    assert hooks.secrets(tx, 1, 0) == []


async def test_a_hook_lives(stage):
    row = await hook(stage, job_type="noop")
    first = await call(stage, row, b'{"seconds":0}', "one")
    assert (await call(stage, row, key="one")).delivery_id == first.delivery_id
    item = RotateHook(ADMIN, row.id, None, {"github": "another-secret"}, 1_000, None, stage.node.sealer)
    row = await stage.do(ROTATE_HOOK, item)
    found = await stage.node.read(lambda reader: hooks.secrets(reader, row.id, stage.clock()))
    assert [opened(stage.node.sealer, one) for one in found] == ["another-secret", SECRET]
    row = await stage.do(UPDATE_HOOK, UpdateHook(ADMIN, row.id, HookUpdate(name="b")))
    assert (await call(stage, row, b'{"seconds":0}', "two")).status == "started"
    await stage.do(DELETE_HOOK, DeleteHook(ADMIN, row.id))
    assert await stage.rows("SELECT id FROM hook") == []
