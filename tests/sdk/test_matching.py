"""Which callbacks an event reaches: every rule of Flatfile's listeners, one test a rule."""

import asyncio

import pytest

from listener_sdk import Listener
from listener_sdk.errors import RegistrationError
from listener_sdk.matching import Branch, WatchedEvent, dispatch, make_watcher
from listener_sdk.protocol.filters import compile_filter
from tests.sdk.fake_server import wire_event

READY = wire_event(
    1, "job:ready",
    payload={"domain": "workbook", "operation": "export", "job": "workbook:export", "status": "ready", "isPart": False,
             "part": 3, "info": None, "input": {"sheet": "deep"}},
    context={"accountId": "a", "environmentId": "us_env_default", "spaceId": "us_sp_a", "jobId": "us_jb_1",
             "slugs": {"sheet": "contacts"}},
    namespaces=["space:portal", "team"], target=None,
)  # fmt: skip


async def call(function, event):
    result = function(event)
    if result is not None:
        await result


async def reached(listener, raw=READY):
    """The names that callbacks made by `watch` leave in the event's cache."""
    names = []
    listener.branch.watchers.append(
        make_watcher(
            lambda event: event.after_all(lambda done: names.extend(done.cache.get("names", []))), "**", None
        )
    )
    await dispatch(listener.branch, raw, call)
    return names


def watch(listener, topics, where=None, name="x"):
    @listener.on(topics, where)
    def note(event):
        event.cache.setdefault("names", []).append(name)

    return note


async def matches(topics, where=None, raw=READY):
    listener = Listener()
    watch(listener, topics, where)
    return await reached(listener, raw) == ["x"]


# ---- topics


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("job:ready", True),
        ("job:created", False),
        ("job:*", True),
        ("job:re*y", True),
        ("job:read?", True),
        ("job:rea?", False),
        ("*:ready", True),
        ("**", True),
        ("**:ready", True),
        ("job:**", True),
        ("*", False),
        ("job", False),
        (["job:created", "job:ready"], True),
        (["job:created", "job:updated"], False),
    ],
)
async def test_a_topic_pattern_reads_segments(pattern, expected):
    assert await matches(pattern) is expected


# ---- keys


async def test_every_key_of_a_filter_must_match():
    assert await matches("**", {"job": "workbook:export", "spaceId": "us_sp_a"})
    assert not await matches("**", {"job": "workbook:export", "spaceId": "us_sp_b"})


async def test_a_plain_key_is_searched_at_any_depth():
    assert await matches("**", {"sheet": "contacts"})
    assert await matches("**", {"sheet": "deep"})
    assert await matches("**", {"accountId": "a"})
    assert not await matches("**", {"sheet": "orders"})


async def test_a_key_with_a_dot_is_the_full_path():
    assert await matches("**", {"payload.job": "workbook:export"})
    assert await matches("**", {"context.slugs.sheet": "contacts"})
    assert not await matches("**", {"slugs.sheet": "contacts"})


async def test_stars_work_in_keys_between_dots():
    assert await matches("**", {"context.*.sheet": "contacts"})
    assert await matches("**", {"**.sheet": "contacts"})
    assert await matches("**", {"payload.*": "workbook:export"})
    assert not await matches("**", {"context.*": "contacts"})


async def test_nested_filters_are_read_as_dotted_keys():
    assert await matches("**", {"payload": {"operation": "export"}})
    assert not await matches("**", {"payload": {"operation": "import"}})


async def test_the_raw_event_stands_under_src():
    assert await matches("**", {"src.payload.job": "workbook:export"})


async def test_the_job_filter_finds_the_payloads_job_and_nothing_without_one():
    assert await matches("**", {"job": "workbook:export"})
    assert not await matches("**", {"job": "workbook:export"}, wire_event(1, "job:ready"))


async def test_the_domain_filter_finds_the_events_and_the_jobs_domain():
    assert await matches("**", {"domain": "workbook"})
    assert await matches("**", {"domain": "job"})
    assert not await matches("**", {"domain": "sheet"})


# ---- values


async def test_a_list_in_a_filter_holds_alternatives():
    assert await matches("**", {"operation": ["import", "export"]})
    assert not await matches("**", {"operation": ["import", "map"]})


async def test_a_text_is_a_glob_of_segments_over_the_values_text():
    assert await matches("**", {"job": "workbook:*"})
    assert await matches("**", {"job": "**"})
    assert not await matches("**", {"job": "*"})
    assert await matches("**", {"isPart": "false"})
    assert await matches("**", {"part": "3"})
    assert await matches("**", {"part": "*"})


async def test_other_values_compare_strictly():
    assert await matches("**", {"part": 3})
    assert not await matches("**", {"part": 4})
    assert await matches("**", {"isPart": False})
    assert not await matches("**", {"isPart": 0})
    assert not await matches("**", {"operation": 3})


async def test_a_list_in_the_event_matches_by_any_element():
    assert await matches("**", {"namespaces": "space:portal"})
    assert await matches("**", {"namespaces": ["nobody", "team"]})
    assert not await matches("**", {"namespaces": "space:other"})


async def test_null_matches_a_key_that_is_there_with_null():
    assert await matches("**", {"payload.info": None})
    assert not await matches("**", {"payload.result": None})


# ---- nesting


async def test_children_only_get_what_their_parents_let_through():
    listener = Listener()
    inner = listener.filter({"job": "workbook:*"})
    watch(inner, "**", name="inner")
    watch(inner.filter({"spaceId": "us_sp_a"}), "**", name="grandchild")
    outer = listener.filter({"job": "sheet:*"})
    watch(outer, "**", name="outer")
    watch(outer.filter({"spaceId": "us_sp_a"}), "**", name="not reached")
    assert await reached(listener) == ["inner", "grandchild"]


async def test_a_namespace_is_a_filter_of_namespaces():
    listener = Listener()
    watch(listener.namespace("space:*"), "**", name="space")
    watch(listener.namespace(["team", "x"]), "**", name="team")
    watch(listener.namespace("workbook:*"), "**", name="workbook")
    assert await reached(listener) == ["space", "team"]


async def test_use_calls_a_function_with_the_listener_or_mounts_another():
    listener, other = Listener(), Listener()
    watch(other.filter({"spaceId": "us_sp_a"}), "job:ready", name="mounted")
    listener.use(lambda given: watch(given, "job:ready", name="used"))
    listener.use(other)
    assert await reached(listener) == ["used", "mounted"]


async def test_filter_and_namespace_call_a_function_with_the_inner_listener():
    listener = Listener()
    listener.filter({"spaceId": "us_sp_a"}, lambda inner: watch(inner, "**", name="filtered"))
    listener.namespace("team", lambda inner: watch(inner, "**", name="named"))
    assert await reached(listener) == ["filtered", "named"]


async def test_off_undoes_the_same_on():
    listener = Listener()
    note = watch(listener, ["job:ready"], {"spaceId": "us_sp_a"})
    with pytest.raises(RegistrationError, match="does not watch"):
        listener.off("job:ready", note)
    listener.off(["job:ready"], note, {"spaceId": "us_sp_a"})
    assert await reached(listener) == []


# ---- dispatch


async def test_own_callbacks_come_in_the_order_of_registration_and_then_the_children():
    listener = Listener()
    watch(listener.filter({"domain": "job"}), "**", name="child")
    watch(listener, "**", name="first")
    watch(listener, "job:*", name="second")
    assert await reached(listener) == ["first", "second", "child"]


async def test_callbacks_run_one_at_a_time():
    listener, steps = Listener(), []

    @listener.on("**")
    async def slow(event):
        steps.append("slow begins")
        await asyncio.sleep(0)
        steps.append("slow ends")

    @listener.on("**")
    async def quick(event):
        steps.append("quick")

    await dispatch(listener.branch, READY, call)
    assert steps == ["slow begins", "slow ends", "quick"]


async def test_a_callback_that_fails_is_logged_and_stops_no_other(caplog):
    listener = Listener()

    @listener.on("**")
    def broken(event):
        event.after_all(lambda _: 1 / 0)
        raise KeyError("column")

    watch(listener, "**", name="next")
    assert await reached(listener) == ["next"]
    assert "KeyError: 'column'" in caplog.text
    assert "ZeroDivisionError" in caplog.text
    assert "test_matching.py:" in caplog.text


async def test_after_all_runs_last_and_the_cache_is_of_one_event():
    listener, steps = Listener(), []

    @listener.on("**")
    def first(event):
        event.after_all(lambda done: steps.append(("after", done.id)))
        event.cache["n"] = event.cache.get("n", 0) + 1

    @listener.on("**")
    def second(event):
        steps.append(("second", event.cache["n"]))

    await dispatch(listener.branch, READY, call)
    await dispatch(listener.branch, READY, call)
    assert steps == [("second", 1), ("after", READY["id"])] * 2


async def test_callbacks_get_a_typed_event():
    listener, seen = Listener(), []
    listener.on("**")(seen.append)
    await dispatch(listener.branch, READY, call)
    (event,) = seen
    assert isinstance(event, WatchedEvent)
    assert (event.topic, event.job_id, event.payload["part"]) == ("job:ready", "us_jb_1", 3)


# ---- what the server is asked for


def test_topics_are_the_union_of_all_patterns_or_everything_when_they_are_too_many():
    listener = Listener()
    assert listener.topics == ()
    watch(listener, ["job:ready", "job:failed"])
    watch(listener.filter({"a": "b"}), ["job:failed", "x:*"])
    assert listener.topics == ("job:ready", "job:failed", "x:*")
    for number in range(40):
        watch(listener, f"x:y{number}")
    assert listener.topics == ("**",)


def ready(**fields):
    return READY | {"payload": READY["payload"] | fields}


@pytest.mark.parametrize("key", ["job", "payload.job", "team", "namespaces"])
def test_filters_around_a_job_travel_as_one_that_passes_what_all_pass(key):
    listener = Listener()
    inner = listener.filter({key: ["workbook:*", "a", "team"]}).filter({key: ["*:export", "b", "team"]})
    inner.job("workbook:*", filter={"spaceId": "us_sp_a"})(sync_handler)
    (handler,) = listener.handlers
    joined = compile_filter(handler.filter)
    assert joined(ready(team="team"))
    assert not joined(ready(job="workbook:import", team="a") | {"namespaces": ["a"]})
    assert not joined(ready(job="sheet:export", team="b") | {"namespaces": ["b"]})
    assert not joined(ready(team="team") | {"context": READY["context"] | {"spaceId": "us_sp_b"}})


def test_equal_filters_are_said_once_and_too_many_are_refused():
    listener = Listener()
    inner = listener.filter({"job": "a:*", "payload": {"x": 1}}).filter({"job": "a:*"})
    inner.job("a:b")(sync_handler)
    assert listener.handlers[0].filter == {"job": "a:*", "payload.x": 1}
    listener.filter({"x": "1"}).filter({"x": "2"}).filter({"x": "3"}).job("a:b")(sync_handler)
    with pytest.raises(RegistrationError, match=r"test_matching\.py:.*too often"):
        _ = listener.handlers


def test_malformed_patterns_and_filters_are_named():
    with pytest.raises(RegistrationError, match=r"test_matching\.py:\d+: 'job ready' is not a topic pattern"):
        watch(Listener(), "job ready")
    with pytest.raises(RegistrationError, match=r"test_matching\.py:\d+: .*must be a text"):
        watch(Listener(), "**", {"a": object()})
    with pytest.raises(RegistrationError, match="malformed"):
        Branch({"a": object()})


def sync_handler(job):
    return None
