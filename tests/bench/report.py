"""The tables of a run, in Markdown: Tickwire beside the best peer of each row, the targets, and all systems."""

from dataclasses import dataclass

from figures import Figures, number
from targets import targets

JOBS = {
    "enqueue_single": "enqueue, single/s",
    "enqueue_conc": "enqueue, 100 in flight/s",
    "enqueue_batch": "enqueue, batch of 100/s",
    "life_best": "life, best way/s",
    "life_conc": "life, 100 in flight/s",
    "life_single": "life, single/s",
    "lat_p50": "latency p50 ms",
    "lat_p99": "latency p99 ms",
    "server_cpu_us_batched": "server CPU µs/job, batches",
    "server_cpu_us_gathered": "in flight",
    "server_cpu_us_single": "single",
}
FAN = {
    "deliveries_s": "burst, deliveries/s",
    "each_deliveries_s": "one by one, deliveries/s",
    "server_cpu_us_delivery": "burst, server CPU µs/delivery",
    "paced_server_cpu_us_delivery": "paced, server CPU µs/delivery",
    "p50_ms": "paced p50 ms",
    "p99_ms": "paced p99 ms",
    "rss_kib_conn_1000": "KiB/connection at 1,000",
    "rss_kib_conn_10000": "KiB/connection at 10,000",
    "connects_s": "connects/s",
}
BACKLOG = {
    "fill_rate": "fill/s",
    "enqueue_single": "enqueue, single/s",
    "dequeue_rate": "dequeue/s",
    "claims_s": "dequeue again/s",
    "drain_rate": "drain/s",
    "memory_idle_rss_mib": "server MiB, idle",
    "memory_waiting_rss_mib": "server MiB, waiting",
    "memory_waiting_uss_mib": "of these its own",
    "data_mib": "data MiB",
}
OWN = {
    "tick": {"tick_us": "`tick()` µs", "track_us": "`track` µs an item"},
    "watched": {f"life_watched_by_{n}": f"bulk life/s, {n} watch" for n in (0, 1, 10)},
    "seen": {
        "seen_jobs": "jobs that tick",
        "seen_s": "seen/s",
        "seen_p50_ms": "tick to callback, p50 ms",
        "seen_p95_ms": "p95 ms",
        "server_cpu_percent": "server, % of a core",
    },
    "memory": {
        "idle_rss_mib": "MiB idle",
        "idle_uss_mib": "of these its own",
        "finished_rss_mib": "MiB with 10,000 finished",
        "finished_uss_mib": "of these its own, then",
    },
    "launched": {
        "life_plain": "life/s, plain",
        "life_of_type": "of a type",
        "life_of_definition": "of a definition",
        "life_plain_among_many": "plain, beside 100,000 definitions",
        "life_of_definition_among_many": "of a definition among 100,000",
        "life_plain_unrecorded": "plain, nothing recorded",
        "life_of_definition_unrecorded": "of a definition, nothing recorded",
        "server_cpu_us_plain": "server CPU µs/job, plain",
        "server_cpu_us_of_type": "of a type",
        "server_cpu_us_of_definition": "of a definition",
        "server_cpu_us_of_definition_among_many": "among 100,000",
        "few_rss_mib": "server MiB, one definition",
        "many_rss_mib": "with 100,000",
    },
    "schedules": {
        "last_job_s": "last of 10,000 due at once, s",
        "fire_cpu_us": "server CPU µs each",
        "idle_cpu_percent": "% of a core, 10,000 waiting",
        "idle_cpu_percent_without": "% without any",
    },
    "history": {
        "page_newest_p95_ms": "page of 50, p95 ms",
        "page_of_definition_p95_ms": "of the definition",
        "page_middle_p95_ms": "from the middle on",
        "page_failed_p95_ms": "of what failed",
        "page_failed_middle_p95_ms": "of that from the middle on",
        "page_none_p95_ms": "of what there is not",
        "preview_p95_ms": "preview of 100 times",
        "never_p95_ms": "of what is never due",
    },
    "hooks": {
        "events_s": "publish an event, calls/s",
        "jobs_s": "start a job, calls/s",
        "server_cpu_us_events": "server CPU µs/call, event",
        "server_cpu_us_jobs": "job",
        "paced_events_p50_ms": "1,000 a second, event, p50 ms",
        "paced_events_p99_ms": "p99 ms",
        "paced_jobs_p50_ms": "job, p50 ms",
        "paced_jobs_p99_ms": "p99 ms, job",
    },
    "limit": {
        "fsync_p50_ms": "fsync p50 ms",
        "fdatasync_p50_ms": "fdatasync p50 ms",
        "fdatasync_p99_ms": "fdatasync p99 ms",
        "sqlite_FULL_1row_commits_s": "SQLite FULL commits/s",
        "sqlite_FULL_100row_commits_s": "of 100 rows",
        "sqlite_NORMAL_1row_commits_s": "NORMAL commits/s",
    },
}


@dataclass(frozen=True)
class Row:
    """A line of the first table: ours by its names with ``{}`` for the store, and the peers by the figures that compare."""

    what: str
    kind: str
    ours: str
    figure: str
    theirs: tuple[str, ...]
    low: bool = False
    backlog: int | None = None
    batches: bool = False


def rows(found):
    rest, stream, plain = "tickwire ({}, REST)", "tickwire ({}, stream)", "tickwire ({})"
    alone = ("life_conc", "life_single")
    yield Row("life cycles/s, bulk of 100", "jobs", rest, "life_best", ("life_best",), batches=True)
    yield Row("life cycles/s, 100 in flight over REST", "jobs", rest, "life_conc", alone)
    yield Row("life cycles/s, 100 in flight over the stream", "jobs", stream, "life_conc", alone)
    yield Row("life cycles/s, single over REST", "jobs", rest, "life_single", ("life_single",))
    yield Row("life cycles/s, single over the stream", "jobs", stream, "life_single", ("life_single",))
    for way, ours in (("REST", rest), ("the stream", stream)):
        for q in (50, 99):
            figure = f"lat_p{q}"
            yield Row(
                f"idle enqueue to handler over {way}, p{q} ms", "jobs", ours, figure, (figure,), low=True
            )
    yield Row("fan-out, burst, deliveries/s", "fan", plain, "deliveries_s", ("deliveries_s",))
    yield Row("fan-out, one by one, deliveries/s", "fan", plain, "each_deliveries_s", ("deliveries_s",))
    yield Row("fan-out, paced, p50 ms", "fan", plain, "p50_ms", ("p50_ms",), low=True)
    yield Row("fan-out, paced, p99 ms", "fan", plain, "p99_ms", ("p99_ms",), low=True)
    yield Row("idle subscriber, KiB", "fan", plain, "rss_kib_conn_1000", ("rss_kib_conn_1000",), low=True)
    for size in found.backlogs():
        for figure, what in (("fill_rate", "fill/s"), ("dequeue_rate", "dequeue/s")):
            yield Row(f"{size:,} waiting: {what}", "backlog", plain, figure, (figure,), backlog=size)


PROTOTYPES = ("aiohttp ws (",)
"""Prototypes of our own among the fan-outs: shown, but no peers."""


def best_peer(found, row):
    """The best peer of a row as (figure, name), or None."""
    measured = []
    for one in found.of_kind(row.kind, row.backlog):
        figure = one.get(*row.theirs)
        if one.is_ours or one.name.startswith(PROTOTYPES) or figure is None:
            continue
        if not row.batches or one.facts.get("life_way", "").startswith("batches"):
            measured.append((figure.median, one.name, figure))
    if not measured:
        return None
    _, name, figure = (min if row.low else max)(measured)
    return figure, name


def beside(found):
    for row in rows(found):
        peer = best_peer(found, row)
        cells = [row.what]
        for store in ("sqlite", "postgres"):
            ours = found.figure(row.kind, row.ours.format(store), row.figure, backlog=row.backlog)
            cells += [shown(ours), times(ours, peer)]
        if any(cell != "–" for cell in (cells[1], cells[3])):
            yield (*cells, f"{peer[0]} {peer[1]}" if peer else "–")


def times(ours, peer):
    if ours is None or peer is None or not peer[0].median:
        return "–"
    return f"{number(ours.median / peer[0].median)} ×"


def shown(figure):
    return "–" if figure is None else str(figure)


def table(head, body):
    lines = [head, ["---"] * len(head), *body]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def systems(found, kind, columns, backlog=None):
    """All systems of a kind, in one table, with the columns that anybody has."""
    measured = found.of_kind(kind, backlog)
    kept = {name: title for name, title in columns.items() if any(name in one.figures for one in measured)}
    body = [[title_of(one), *(shown(one.get(name)) for name in kept)] for one in measured]
    return table(["system", *kept.values()], body) if kept else None


def title_of(system):
    durability = system.facts.get("durability")
    way = system.facts.get("life_way")
    title = f"{system.name} {system.facts.get('version', '')}".strip()
    return title + (f"; {durability}" if durability else "") + (f"; best way: {way}" if way else "")


def sections(found):
    yield "All job systems", systems(found, "jobs", JOBS)
    yield "All fan-outs", systems(found, "fan", FAN)
    for size in found.backlogs():
        yield f"With {size:,} jobs waiting", systems(found, "backlog", BACKLOG, size)
    yield "What a tick costs", systems(found, "tick", OWN["tick"])
    yield "Progress seen in a browser", systems(found, "seen", OWN["seen"])
    yield "Events watched", systems(found, "watched", OWN["watched"])
    yield "Memory of the server process", systems(found, "memory", OWN["memory"])
    yield "Jobs of types and definitions", systems(found, "launched", OWN["launched"])
    yield "Schedules", systems(found, "schedules", OWN["schedules"])
    yield "A history of a million runs", systems(found, "history", OWN["history"])
    yield "Signed calls of hooks", systems(found, "hooks", OWN["hooks"])
    yield "The machine's disk", systems(found, "limit", OWN["limit"])


def about(run, found):
    machine, versions = run["machine"], run["versions"]
    lines = [
        f"`{one['command']}`: {one['rounds']} interleaved round(s), begun {one['started']}, {one['took_s'] / 60:.0f} minutes."
        for one in (run, *run.get("beside", ()))
    ]
    if len(lines) > 1:
        lines.append("What several of these runs have measured is shown as the last of them has found it.")
    measured = "\n".join(lines)
    place = f"{machine['cpu']}, {machine['cores']} cores, {machine['memory_gib']} GiB, {machine['system']}"
    software = ", ".join(f"{name} {version}" for name, version in versions.items())
    return f"""{measured}

{place}. {software}.

Figures are medians (minimum–maximum). `cal_ms`, a fixed piece of Python run before and after each measurement, took {found.cal_ms} ms:
where that is far above its minimum other work was running, and a difference under the same factor is none."""


def joined(runs):
    """One run of several on one machine, each later than the one before: what several have measured is that of the last.

    ValueError where they do not belong together, also where a later run has measured again without some of those beside which it is shown.
    """
    first, *others = runs
    for one in others:
        if (one["machine"], one["versions"]) != (first["machine"], first["versions"]):
            raise ValueError("they are of different machines, or versions")
    kept = []
    for run in runs:
        again = {group(line) for line in run["runs"]}
        replaced = {line["step"] for line in kept if group(line) in again}
        if missing := replaced - {line["step"] for line in run["runs"]}:
            raise ValueError(f"measured again without {', '.join(sorted(missing))}")
        kept = [line for line in kept if group(line) not in again] + run["runs"]
    beside = [{name: one[name] for name in ("command", "rounds", "started", "took_s")} for one in others]
    return {**first, "runs": kept, "beside": beside}


def group(line):
    """What is compared with each other: the word before the colon of a step."""
    return line["step"].partition(":")[0]


def text(run):
    """The whole report."""
    found = Figures(run["runs"])
    head = ["what", "SQLite", "times the peer", "PostgreSQL", "times the peer", "best peer of the row"]
    parts = [about(run, found), "### Beside the best peer", table(head, beside(found))]
    if not run["short"]:
        head = ["what", "store", "must / reach for", "measured", "mark"]
        parts += ["### Targets", table(head, [one.row() for one in targets(found)])]
    for title, made in sections(found):
        if made is not None:
            parts += [f"### {title}", made]
    if found.problems:
        lines = [f"- {name}: {' '.join(why.split())[:300]}" for name, why in found.problems.items()]
        parts += ["### Skipped or failed", "\n".join(lines)]
    return "\n\n".join(parts)
