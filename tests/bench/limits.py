"""D: what the disk allows: the time of a flush, and SQLite's commits a second as our server writes them."""

import os
import sqlite3
import time

import marks

SECONDS = 2.5
BODY = '{"domain":"space:configure","params":{"a":1,"b":"' + "x" * 250 + '"}}'
ROW = ("ready", "space:configure", BODY, 1.0)


def flushes(folder, sync):
    times, end = [], time.monotonic() + 3
    with (folder / sync.__name__).open("wb", buffering=0) as file:
        file.write(b"\0" * (1 << 24))
        os.fsync(file.fileno())
        file.seek(0)
        while len(times) < 500 and time.monotonic() < end:
            file.write(b"x" * 4096)
            t = time.perf_counter()
            sync(file.fileno())
            times.append((time.perf_counter() - t) * 1e3)
    return {f"{sync.__name__}_p{q}_ms": round(marks.pct(times, q / 100), 3) for q in (50, 99)}


def commits(folder, sync, rows):
    """Transactions of one insert, or of a hundred, a second."""
    store = sqlite3.connect(folder / f"{sync}{rows}.db", isolation_level=None)
    store.execute("pragma journal_mode=wal")
    store.execute(f"pragma synchronous={sync}")
    store.execute("create table job(id integer primary key, state text, domain text, body text, at real)")
    store.execute("create index job_state on job(state, domain)")
    n, t = 0, time.perf_counter()
    while time.perf_counter() - t < SECONDS:
        store.execute("begin immediate")
        store.executemany("insert into job(state, domain, body, at) values(?,?,?,?)", [ROW] * rows)
        store.execute("commit")
        n += 1
    found = round(n / (time.perf_counter() - t))
    store.close()
    return {f"sqlite_{sync}_{rows}row_commits_s": found}


def main():
    folder = marks.fresh_dir("disk")
    out = flushes(folder, os.fsync) | flushes(folder, os.fdatasync)
    for sync in ("NORMAL", "FULL"):
        for rows in (1, 100):
            out |= commits(folder, sync, rows)
    cal = [marks.cal_ms()]
    marks.emit(kind="limit", name="disk and sqlite", version=sqlite3.sqlite_version, cal_ms=cal, **out)


if __name__ == "__main__":
    main()
