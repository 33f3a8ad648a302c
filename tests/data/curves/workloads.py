"""Real work that tells how far it is: each function does it and yields percents, as a handler would tick them.

``size`` scales the input, so that two runs of the same work need not be of the same length.
"""

import ast
import asyncio
import bisect
import bz2
import csv
import gzip
import hashlib
import io
import json
import lzma
import random
import re
import socket
import sqlite3
import subprocess
import sysconfig
import tempfile
import threading
import time
import tokenize
import zipfile
from collections.abc import Iterator
from heapq import merge
from pathlib import Path
from types import SimpleNamespace

import openpyxl

from examples import export_airports

Percents = Iterator[float]
STDLIB = Path(sysconfig.get_path("stdlib"))


def sources(size: float, most: int) -> list[Path]:
    """Files of the standard library, in the order of their names."""
    found = sorted(
        path for path in STDLIB.rglob("*.py") if "lib2to3" not in path.parts and "bad" not in path.name
    )
    return found[: int(most * size)]


def words(seed: int, count: int) -> list[str]:
    chosen = random.Random(seed)
    return ["".join(chosen.choices("abcdefghij", k=8)) for _ in range(count)]


# ---- linear


def json_batches(size: float) -> Percents:
    """Parse and write JSON, batch after batch of the same size."""
    batch = json.dumps([{"id": n, "name": f"row {n}", "values": list(range(20))} for n in range(2_000)])
    count = int(160 * size)
    for number in range(count):
        json.dumps(json.loads(batch), indent=1)
        yield 100 * (number + 1) / count


def airports_xlsx(size: float) -> Percents:
    """The example that exports airports: rows with their neighbourhood, written to a workbook."""
    columns, rows, total = export_airports.airports(export_airports.datetime(2026, 1, 1, tzinfo=None))
    total = min(total, int(20_000 * size))
    percents: list[float] = []

    def tracked() -> Iterator[list[object]]:
        for number, row in zip(range(total), rows, strict=False):
            percents.append(100 * number / total)
            yield row

    with tempfile.TemporaryDirectory() as folder:
        work = threading.Thread(
            target=export_airports.write, args=(Path(folder, "a.xlsx"), columns, tracked())
        )
        work.start()
        yield from watched(work, percents)


def watched(work: threading.Thread, percents: list[float]) -> Percents:
    """What a thread has told, as it tells it."""
    while work.is_alive():
        work.join(0.02)
        if percents:
            yield percents[-1]


def tokens_by_size(size: float) -> Percents:
    """Tokenise the standard library; the progress is that of the bytes, not of the files."""
    files = sources(size, 1_150)
    total = sum(path.stat().st_size for path in files)
    done = 0
    for path in files:
        with path.open("rb") as source:
            for number, _ in enumerate(tokenize.tokenize(source.readline)):
                if number % 2_000 == 0:
                    yield 100 * (done + source.tell()) / total
        done += path.stat().st_size
        yield 100 * done / total


# ---- slowing


def gzip_growing(size: float) -> Percents:
    """Compress a text that grows: each of the steps has more to do than the one before."""
    text = " ".join(words(1, 200_000)).encode()
    steps = int(60 * size)
    for step in range(1, steps + 1):
        gzip.compress(text[: len(text) * step // steps], 6)
        yield 100 * step / steps


def sieve_growing(size: float) -> Percents:
    """Sieve to ever higher limits."""
    steps = int(105 * size)
    for step in range(1, steps + 1):
        limit = 300_000 * step
        marks = bytearray([1]) * limit
        for number in range(2, int(limit**0.5) + 1):
            if marks[number]:
                marks[number * number :: number] = bytes(len(range(number * number, limit, number)))
        yield 100 * step / steps


def trial_division(size: float) -> Percents:
    """Look for primes by trial division: the larger the number, the longer it takes."""
    limit = int(2_200_000 * size)
    for number in range(3, limit, 2):
        all(number % divisor for divisor in range(3, int(number**0.5) + 1, 2))
        if number % 1_000 == 1:
            yield 100 * number / limit


def sorted_inserts(size: float) -> Percents:
    """Keep a list in order while it grows: each insert moves half of it."""
    chosen = random.Random(2)
    count = int(330_000 * size)
    found: list[float] = []
    for number in range(count):
        bisect.insort(found, chosen.random())
        if number % 500 == 0:
            yield 100 * number / count


def sqlite_indexes(size: float) -> Percents:
    """Insert rows of random keys into a table with three indexes, in batches."""
    chosen = random.Random(3)
    with tempfile.TemporaryDirectory() as folder, sqlite3.connect(Path(folder, "a.db")) as store:
        store.execute("PRAGMA cache_size = 200")
        store.execute("CREATE TABLE t (a TEXT PRIMARY KEY, b TEXT, c INTEGER)")
        store.execute("CREATE INDEX by_b ON t (b)")
        store.execute("CREATE INDEX by_c ON t (c)")
        count = int(100 * size)
        for number in range(count):
            rows = [
                (chosen.randbytes(16).hex(), chosen.randbytes(8).hex(), chosen.random()) for _ in range(2_000)
            ]
            store.executemany("INSERT INTO t VALUES (?, ?, ?)", rows)
            store.commit()
            yield 100 * (number + 1) / count
    store.close()


# ---- bursty


def zip_files(size: float) -> Percents:
    """Put the standard library into an archive; the progress is that of the files, large and small."""
    files = sources(size, 5_000)
    with zipfile.ZipFile(io.BytesIO(), "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for number, path in enumerate(files):
            archive.write(path)
            yield 100 * (number + 1) / len(files)


def compile_files(size: float) -> Percents:
    """Compile the standard library, file after file."""
    files = sources(size, 2_500)
    for number, path in enumerate(files):
        compile(path.read_bytes(), str(path), "exec", dont_inherit=True, flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        yield 100 * (number + 1) / len(files)


def bz2_files(size: float) -> Percents:
    """Compress each file of the standard library by itself."""
    files = sources(size, 3_000)
    for number, path in enumerate(files):
        bz2.compress(path.read_bytes())
        yield 100 * (number + 1) / len(files)


def lzma_blocks(size: float) -> Percents:
    """Compress blocks that are easy and hard by turns, ten of a kind."""
    easy = b"the same again " * 60_000
    hard = " ".join(words(4, 22_000)).encode()
    count = int(160 * size)
    for number in range(count):
        lzma.compress(hard if number // 10 % 2 else easy, preset=4)
        yield 100 * (number + 1) / count


def sha256_files(size: float) -> Percents:
    """Hash all files of the standard library, compiled ones and libraries too; few of them are large."""
    files = sorted(path for path in STDLIB.rglob("*") if path.is_file() and "site-packages" not in path.parts)
    files = files[: int(len(files) * min(size, 1.0))]
    for number, path in enumerate(files):
        content = path.read_bytes()
        for _ in range(int(12 * size)):
            hashlib.sha256(content).hexdigest()
        yield 100 * (number + 1) / len(files)


def fetch_in_bursts(size: float) -> Percents:
    """Fetch from a server that sends in bursts, with pauses of different lengths between them."""
    chosen = random.Random(5)
    plan = [(chosen.randint(1, 12), chosen.uniform(0.02, 0.45)) for _ in range(int(28 * size))]
    total = sum(blocks for blocks, _ in plan)
    for done, _ in enumerate(received([(65_536 * blocks, pause) for blocks, pause in plan]), 1):
        yield min(100.0, 100 * done / total)


def received(plan: list[tuple[int, float]], block: int = 65_536) -> Iterator[bytes]:
    """What a server on loopback sends, in blocks: so many bytes, then a pause, by its plan."""

    def serve(door: socket.socket) -> None:
        peer, _ = door.accept()
        with peer:
            for count, pause in plan:
                peer.sendall(bytes(count))
                time.sleep(pause)

    with socket.create_server(("127.0.0.1", 0)) as door:
        threading.Thread(target=serve, args=(door,), daemon=True).start()
        with socket.create_connection(door.getsockname()) as client:
            rest = b""
            while more := client.recv(block):
                rest += more
                while len(rest) >= block:
                    yield rest[:block]
                    rest = rest[block:]


# ---- two phases


def fetch_then_parse(size: float) -> Percents:
    """Fetch at a steady pace (the first half of the progress), then search what has come, which is slower."""
    count = int(60 * size)
    text = " ".join(words(6, 90_000))
    for number, _ in enumerate(received([(65_536, 0.02)] * count)):
        yield 50 * (number + 1) / count
    for number in range(count):
        re.findall(r"(\w)\w*\1", text)
        yield 50 + 50 * (number + 1) / count


def sort_then_merge(size: float) -> Percents:
    """Sort chunks (the first 60 percent), then merge them in one pass (the rest)."""
    chosen = random.Random(7)
    count = 40
    each = int(50_000 * size)
    chunks = []
    for number in range(count):
        chunks.append(sorted(chosen.random() for _ in range(each)))
        chunks[-1].sort(key=str)
        yield 60 * (number + 1) / count
    for number, _ in enumerate(merge(*chunks, key=str)):
        if number % 2_000 == 0:
            yield 60 + 40 * number / (count * each)


def sheet_then_save(size: float) -> Percents:
    """Fill a workbook, whose cells are all kept in memory, then save it: of the saving nothing is told but its end."""
    count = int(70_000 * size)
    book = openpyxl.Workbook()
    sheet = book.active
    for number in range(count):
        sheet.append([number, f"row {number}", number / 7, None, "text", True])
        if number % 100 == 0:
            yield 85 * number / count
    yield 85.0
    book.save(io.BytesIO())
    yield 100.0


def git_repack(size: float) -> Percents:
    """Repack a repository, by git's own progress: it compresses (as half of the work), then writes."""
    with tempfile.TemporaryDirectory() as folder:
        _grow(Path(folder), int(700 * size))
        asked = [
            "git",
            "-C",
            folder,
            "pack-objects",
            "--all",
            "--no-reuse-delta",
            "--window=60",
            "--threads=1",
        ]
        told = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE}
        with subprocess.Popen([*asked, "--progress", f"{folder}/pack"], **told) as work:
            heard = b""
            while more := work.stderr.read1(4096):
                heard = (heard + more)[-4096:]
                compressing = re.findall(rb"Compressing objects: +(\d+)%", heard)
                writing = re.findall(rb"Writing objects: +(\d+)%", heard)
                if writing:
                    yield 90 + int(writing[-1]) / 10
                elif compressing:
                    yield int(compressing[-1]) * 0.9


def _grow(folder: Path, commits: int) -> None:
    """A repository of a few files that change with every commit."""
    asked = ["git", "-C", str(folder)]
    subprocess.run([*asked, "init", "-q"], check=True)
    lines = words(8, 4_000)
    chosen = random.Random(9)
    stream = io.BytesIO()
    for number in range(commits):
        for _ in range(40):
            lines[chosen.randrange(len(lines))] = f"line {chosen.random()}"
        text = "\n".join(lines).encode()
        stream.write(
            b"commit refs/heads/main\ncommitter a <a@b> %d +0000\ndata 1\nx\n" % (1_700_000_000 + number)
        )
        stream.write(b"M 100644 inline f%d\ndata %d\n%s\n" % (number % 3, len(text), text))
    subprocess.run([*asked, "fast-import", "--quiet"], input=stream.getvalue(), check=True)


# ---- uneven


def mandelbrot_rows(size: float) -> Percents:
    """Draw a picture row by row: those in the middle take longest."""
    width, height = 480, int(260 * size)
    for y in range(height):
        for x in range(width):
            point, value = complex(-2.2 + 3 * x / width, -1.2 + 2.4 * y / height), 0j
            for _ in range(1_200):
                value = value * value + point
                if abs(value) > 2:
                    break
        yield 100 * (y + 1) / height


def csv_filtered(size: float) -> Percents:
    """Read lines of a table of which some make work: those of the customers that are looked at closely."""
    rows = [[str(number), word] for number, word in enumerate(words(10, int(60_000 * size)))]
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    text.seek(0)
    for number, row in enumerate(csv.reader(text)):
        if row[1].startswith(("a", "b")) and number > len(rows) // 3:
            hashlib.pbkdf2_hmac("sha256", row[1].encode(), b"salt", 2_500)
        if number % 50 == 0:
            yield 100 * number / len(rows)


def handlers_at_once(size: float) -> Percents:
    """Twelve requests at a time to a slow service, in tasks; the progress is that of the answers."""
    chosen = random.Random(11)
    waits = [chosen.lognormvariate(-2.2, 0.9) for _ in range(int(360 * size))]
    state = SimpleNamespace(done=0)
    percents: list[float] = []

    async def ask(gate: asyncio.Semaphore, wait_s: float) -> None:
        async with gate:
            await asyncio.sleep(wait_s)
        state.done += 1
        percents.append(100 * state.done / len(waits))

    async def every() -> None:
        gate = asyncio.Semaphore(12)
        await asyncio.gather(*(ask(gate, wait) for wait in waits))

    work = threading.Thread(target=asyncio.run, args=(every(),))
    work.start()
    yield from watched(work, percents)
