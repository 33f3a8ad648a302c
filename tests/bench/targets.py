"""What Tickwire has set itself, and whether a run has met it."""

from dataclasses import dataclass
from operator import ge, le

from figures import number

SQLITE, POSTGRES = "SQLite", "PostgreSQL"
STORES = {SQLITE: "sqlite", POSTGRES: "postgres"}


@dataclass(frozen=True)
class Target:
    what: str
    store: str
    must: float
    reach: float | None
    found: float | None
    unit: str = ""
    better: object = ge

    @property
    def mark(self):
        if self.found is None:
            return "not measured"
        if self.reach is not None and self.better(self.found, self.reach):
            return "reached"
        return "met" if self.better(self.found, self.must) else "**not met**"

    def row(self):
        wanted = " / ".join(number(one) + self.unit for one in (self.must, self.reach) if one is not None)
        sign = "≥" if self.better is ge else "≤"
        shown = "–" if self.found is None else number(self.found) + self.unit
        return (self.what, self.store, f"{sign} {wanted}", shown, self.mark)


def median(figure):
    return None if figure is None else figure.median


def ratio(ours, theirs):
    """How many times ours is theirs."""
    return None if ours is None or theirs is None or not theirs.median else ours.median / theirs.median


def best_of_peers(found, kind, *names):
    """The highest figure of all peers, and whose it is."""
    measured = [
        (figure.median, one.name, figure)
        for one in found.of_kind(kind)
        if not one.is_ours and (figure := one.get(*names))
    ]
    return max(measured)[2] if measured else None


def targets(found):
    """Every target, in the order of the table in docs/performance.md."""
    return [
        *(target for store, word in STORES.items() for target in lives(found, store, word)),
        *(target for store, word in STORES.items() for target in latency(found, store, word)),
        Target(
            "a merged `tick()`",
            "either",
            5,
            1,
            median(found.figure("tick", "tickwire", "tick_us")),
            " µs",
            le,
        ),
        *(target for store, word in STORES.items() for target in memory_and_claims(found, store, word)),
        *(target for store, word in STORES.items() for target in delivery(found, store, word)),
        *(target for store, word in STORES.items() for target in launches(found, store, word)),
        *(target for store, word in STORES.items() for target in schedules(found, store, word)),
        *(target for store, word in STORES.items() for target in history(found, store, word)),
        *(target for store, word in STORES.items() for target in hooks(found, store, word)),
    ]


def lives(found, store, word):
    sqlite = store == SQLITE
    rest, stream = f"tickwire ({word}, REST)", f"tickwire ({word}, stream)"
    bulk = ratio(found.figure("jobs", rest, "life_best"), found.figure("jobs", "pgqueuer", "life_best"))
    yield Target(
        "life cycles, bulk of 100: times pgqueuer", store, *((2, 4) if sqlite else (1, 2)), bulk, " ×"
    )
    flying = found.figure("jobs", rest, "life_conc")
    ahead = ratio(flying, best_of_peers(found, "jobs", "life_conc", "life_single"))
    if sqlite:
        yield Target("life cycles, 100 in flight over REST: times the best peer", store, 1, None, ahead, " ×")
    else:
        behind = ratio(flying, found.figure("jobs", "procrastinate", "life_conc"))
        yield Target(
            "life cycles, 100 in flight over REST: times procrastinate", store, 4, None, behind, " ×"
        )
        yield Target("… and to reach for: times the best peer", store, 1, None, ahead, " ×")
    single = ratio(
        found.figure("jobs", stream, "life_single"), found.figure("jobs", "pgqueuer", "life_single")
    )
    wanted = (1, 2) if sqlite else (0.5, 1)
    yield Target("life cycles, single over the stream: times pgqueuer", store, *wanted, single, " ×")


def latency(found, store, word):
    p50, p99 = ((2.5, 1.2), (8, 4)) if store == SQLITE else ((3, 1.8), (10, 5))
    for way in ("REST", "stream"):
        name = f"tickwire ({word}, {way})"
        for label, wanted, figure in (("p50", p50, "lat_p50"), ("p99", p99, "lat_p99")):
            what = f"idle enqueue to handler, over {'REST' if way == 'REST' else 'the stream'}, {label}"
            yield Target(what, store, *wanted, median(found.figure("jobs", name, figure)), " ms", le)


def memory_and_claims(found, store, word):
    name = f"tickwire ({word})"
    claims = ratio(
        found.figure("backlog", name, "claims_s", backlog=1_000),
        found.figure("backlog", name, "claims_s", backlog=1_000_000),
    )
    yield Target(
        "claims with a million waiting: times slower than with a thousand", store, 1.2, None, claims, " ×", le
    )
    finished = median(found.figure("memory", name, "finished_rss_mib"))
    yield Target("server memory with 10,000 finished jobs", store, 80, None, finished, " MiB", le)
    waiting = median(found.figure("backlog", name, "memory_waiting_rss_mib", backlog=1_000_000))
    wanted = (200, 130) if store == SQLITE else (100, None)
    yield Target("server memory with a million waiting", store, *wanted, waiting, " MiB", le)


def delivery(found, store, word):
    name = f"tickwire ({word})"
    slower = lost(
        found.figure("watched", name, "life_watched_by_10"),
        found.figure("watched", name, "life_watched_by_0"),
    )
    yield Target("ten subscribers to every event slow bulk by", store, 20, 5, slower, " %", le)
    each = ratio(
        found.figure("fan", name, "each_deliveries_s"), found.figure("fan", "picows", "deliveries_s")
    )
    yield Target("1,000 subscribers, message by message: times picows", store, 1, None, each, " ×")
    burst = ratio(
        found.figure("fan", name, "deliveries_s"), found.figure("fan", "nats-server", "deliveries_s")
    )
    yield Target("1,000 subscribers, burst: times nats-server", store, 1, None, burst, " ×")
    idle = median(found.figure("fan", name, "rss_kib_conn_1000"))
    yield Target("an idle subscriber", store, 16, None, idle, " KiB", le)
    many = median(found.figure("fan", name, "rss_kib_conn_10000"))
    yield Target("10,000 idle subscribers, each", store, 16, None, many, " KiB", le)
    seen = median(found.figure("seen", name, "seen_p95_ms"))
    yield Target("200 jobs that tick: tick to browser, p95", store, 150, None, seen, " ms", le)


def launches(found, store, word):
    """What looking up and checking costs, and what many definitions do to it."""

    def figure(name):
        return found.figure("launched", f"tickwire ({word})", name)

    plain = figure("life_plain")
    for what, way in (("a job type", "life_of_type"), ("a definition", "life_of_definition")):
        yield Target(
            f"jobs of {what} slow life cycles by", store, 10, None, lost(figure(way), plain), " %", le
        )
    bare = lost(figure("life_of_definition_unrecorded"), figure("life_plain_unrecorded"))
    yield Target("… without history and health: validation and look-up", store, 10, None, bare, " %", le)
    among = lost(figure("life_of_definition_among_many"), figure("life_of_definition"))
    yield Target("100,000 definitions slow launches by", store, 20, None, among, " %", le)
    grown = ratio(figure("many_rss_mib"), figure("few_rss_mib"))
    yield Target("100,000 definitions: server memory, times that with one", store, 1.2, None, grown, " ×", le)


def schedules(found, store, word):
    name = f"tickwire ({word})"
    last = median(found.figure("schedules", name, "last_job_s"))
    yield Target("10,000 schedules due in one second: the last job after", store, 5, None, last, " s", le)
    waiting = found.figure("schedules", name, "idle_cpu_percent")
    without = found.figure("schedules", name, "idle_cpu_percent_without")
    cost = None if waiting is None or without is None else round(waiting.median - without.median, 2)
    yield Target("10,000 schedules that wait: of a core", store, 1, None, cost, " %", le)


PAGES = ("newest", "of_definition", "middle", "failed", "failed_middle", "none")


def history(found, store, word):
    """The slowest kind of page counts."""

    def p95(what):
        return median(found.figure("history", f"tickwire ({word})", f"{what}_p95_ms"))

    pages = [took for what in PAGES if (took := p95(f"page_{what}")) is not None]
    slowest = max(pages, default=None)
    yield Target("a page of 50 out of a million runs, p95", store, 50, None, slowest, " ms", le)
    yield Target("a preview of 100 times, p95", store, 20, None, p95("preview"), " ms", le)
    yield Target("an expression that is never due, refused, p95", store, 20, None, p95("never"), " ms", le)


def hooks(found, store, word):
    for what, figure in (("publish an event", "events_s"), ("start a job", "jobs_s")):
        measured = median(found.figure("hooks", f"tickwire ({word})", figure))
        yield Target(
            f"signed calls of hooks that {what}, accepted durably", store, 1_000, None, measured, "/s"
        )


def lost(found, whole):
    """The share in percent that is missing of the whole."""
    kept = ratio(found, whole)
    return None if kept is None else round(100 * (1 - kept), 1)
