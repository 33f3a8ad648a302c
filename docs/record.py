"""Records docs/vectors: what clients of the stream and of HTTP send and get, from a real server whose clock is moved by hand.

``--check`` writes nothing and fails when a file is stale. What differs from server to server (its key, the log's epoch) reads alike in all.
"""

import argparse
import asyncio
import json
import logging
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import aiohttp
import structlog

ROOT: Final = Path(__file__).resolve().parents[1]
VECTORS: Final = ROOT / "docs" / "vectors"
sys.path.insert(0, str(ROOT))  # a clone is recorded as it stands, installed or not

from server.app import running  # noqa: E402 - it is found by the line above
from server.settings import Settings  # noqa: E402 - it too

START_MS: Final = 1_767_225_600_000
DEADLINE_S: Final = 20.0
EPOCH: Final = "0123abcd"
Step = dict[str, Any]


@dataclass
class Clock:
    """Milliseconds that move by hand."""

    ms: int = START_MS

    def __call__(self) -> int:
        return self.ms

    def forward(self, seconds: float) -> None:
        """Time passes."""
        self.ms += int(seconds * 1000)


@dataclass
class Tape:
    """One server, and all that is said to it and by it."""

    url: str
    key: str
    clock: Clock
    http: aiohttp.ClientSession
    steps: list[Step] = field(default_factory=list)
    _socket: aiohttp.ClientWebSocketResponse | None = None
    _waiting: list[Any] = field(default_factory=list)

    @property
    def headers(self) -> dict[str, str]:
        """Of a call with the key."""
        return {"Authorization": f"Bearer {self.key}"}

    async def connect(self) -> None:
        """Open a websocket; the one before is closed."""
        if self._socket is not None:
            await self._socket.close()
            self._waiting.clear()
        self._socket = await self.http.ws_connect(f"{self.url}/v1/stream", headers=self.headers)
        self.steps.append({"connect": "/v1/stream"})

    async def send(self, **frame: Any) -> None:
        """Send a frame."""
        assert self._socket is not None
        self.steps.append({"send": frame})
        await self._socket.send_json(frame)

    async def take(self, *kinds: str) -> Any:
        """The frames that come next, which are of these types; the last of them."""
        found: Any = None
        for kind in kinds:
            found = await self._next()
            assert found["type"] == kind, (kind, found, self.steps)
            self.steps.append({"receive": found})
        return found

    async def _next(self) -> Any:
        assert self._socket is not None
        while not self._waiting:
            self._waiting += await self._socket.receive_json(timeout=DEADLINE_S)
        return self._waiting.pop(0)

    async def call(self, method: str, path: str, body: Any = None, *, with_key: bool = True) -> Any:
        """A call over HTTP; the body of its answer."""
        sent = self.headers if with_key else {}
        async with self.http.request(method, self.url + path, json=body, headers=sent) as answer:
            found = await answer.json()
            told = {"method": method, "path": path, **({} if body is None else {"body": body})}
            self.steps.append({"call": told if with_key else {**told, "key": None}})
            self.steps.append({"answer": {"status": answer.status, "body": found}})
        return found

    async def upload(self, name: str, text: str) -> None:
        """A file is stored."""
        path = f"/v1/files?name={name}"
        headers = {**self.headers, "Content-Type": "text/csv"}
        async with self.http.post(self.url + path, data=text.encode(), headers=headers) as answer:
            assert answer.status == 200, await answer.text()
        self.steps.append({"call": {"method": "POST", "path": path, "text": text}})

    async def stream(self, path: str, blocks: int) -> None:
        """The first blocks of an answer of server-sent events, as their text."""
        async with self.http.get(self.url + path, headers=self.headers) as answer:
            self.steps.append({"call": {"method": "GET", "path": path}})
            text = ""
            async with asyncio.timeout(DEADLINE_S):
                while text.count("\n\n") < blocks:
                    text += (await answer.content.readany()).decode()
        self.steps.append({"stream": text})

    def pass_time(self, seconds: float) -> None:
        """The clock moves."""
        self.clock.forward(seconds)
        self.steps.append({"wait": seconds})


# ---- what is recorded


async def _greet(tape: Tape, **more: Any) -> None:
    await tape.connect()
    await tape.send(type="hello", session="session-1", id=1, **more)
    await tape.take("welcome")


async def _lease(tape: Tape) -> Step:
    """A job that was just made, leased: what frames about it must say."""
    await _greet(tape)
    await tape.send(type="listen", jobs=[{"job": "workbook:*"}], credit=1, id=2)
    await tape.take("ok")
    job = {"type": "workbook", "operation": "export", "trigger": "immediate", "input": {"rows": 10}}
    await tape.send(type="create", job=job, idempotencyKey="order-1", id=3)
    found = await tape.take("ok", "grants")
    [grant] = found["jobs"]
    return {"job": grant["job"]["id"], "fence": grant["fence"]}


async def job(tape: Tape) -> None:
    """A listener takes a job, reports of it and ends it well."""
    lease = await _lease(tape)
    await tape.send(type="ack", **lease, id=4)
    await tape.take("ok")
    tape.pass_time(1)
    await tape.send(type="tick", **lease, done=5, total=10, text="Halfway")
    lines = [{"message": "Five rows", "at": "2026-01-01T00:00:01.000Z"}]
    await tape.send(type="log", **lease, lines=lines, first=0, id=5)
    await tape.take("ok")
    await tape.send(type="renew", leases=[lease])
    outcome = {"message": "10 rows", "next": {"type": "url", "url": "https://example.com/rows"}}
    await tape.send(type="complete", **lease, outcome=outcome, result={"rows": 10}, id=6)
    await tape.take("ok")


async def failure(tape: Tape) -> None:
    """An attempt fails for good."""
    lease = await _lease(tape)
    await tape.send(type="ack", **lease, id=4)
    await tape.take("ok")
    await tape.send(type="fail", **lease, message="There is no such sheet.", retry=False, id=5)
    await tape.take("ok")
    # The job has ended meanwhile: what is said of it comes too late.
    await tape.send(type="complete", **lease, id=6)
    await tape.take("error")


async def reconnection(tape: Tape) -> None:
    """The connection breaks while a job is held. What the client has not said that it holds is granted again, what it wrongly holds is stale."""
    lease = await _lease(tape)
    await _greet(tape)
    await tape.take("grants")
    lost = {"job": "us_jb_000000zzzz", "fence": 7}
    await _greet(tape, held=[lease, lost])
    await tape.send(type="release", leases=[lease], id=3)
    await tape.take("ok")


async def cancellation(tape: Tape) -> None:
    """A person cancels a job that runs; the listener stops, and gives it back."""
    lease = await _lease(tape)
    await tape.send(type="ack", **lease, id=4)
    await tape.take("ok")
    await tape.call("POST", f"/v1/jobs/{lease['job']}/cancel", {"info": "Not needed any more"})
    await tape.take("cancel")
    await tape.send(type="release", leases=[lease], id=5)
    await tape.take("ok")


async def subscription(tape: Tape) -> None:
    """The log is followed, and after a break from the last position that was seen: `prev` is that position, so nothing is missing."""
    await _greet(tape)
    await tape.send(type="subscribe", sub="mine", topics=["invoice:*"], filter={"payload.total": 3}, id=2)
    await tape.take("subscribed")
    await tape.send(type="publish", event={"topic": "invoice:paid", "payload": {"total": 3}}, id=3)
    seen = await tape.take("ok", "events")
    last = seen["events"][-1]["position"]
    await _greet(tape)
    await tape.send(type="publish", event={"topic": "invoice:sent", "payload": {"total": 3}}, id=2)
    await tape.take("ok")
    await tape.send(type="subscribe", sub="mine", topics=["invoice:*"], filter={"payload.total": 3}, after=last, id=3)  # fmt: skip
    await tape.take("subscribed", "events")
    await tape.send(type="unsubscribe", sub="mine", id=4)
    await tape.take("ok")


async def durable(tape: Tape) -> None:
    """The server keeps the cursor under a name: what was acked does not come again."""
    await _greet(tape)
    for total in (1, 2):
        await tape.send(
            type="publish", event={"topic": "invoice:paid", "payload": {"total": total}}, id=total
        )
        await tape.take("ok")
    asked = {
        "type": "subscribe",
        "sub": "b",
        "topics": ["invoice:*"],
        "after": "oldest",
        "durable": "billing",
    }
    await tape.send(**asked, id=3)
    seen = await tape.take("subscribed", "events")
    await tape.send(type="acked", sub="b", position=seen["events"][0]["position"], id=4)
    await tape.take("ok")
    await _greet(tape)
    await tape.send(**asked, id=2)
    await tape.take("subscribed", "events")


async def refusals(tape: Tape) -> None:
    """What is wrong is said by an error frame with a stable code. The first frame is hello."""
    await tape.connect()
    await tape.send(type="listen", credit=1, id=1)
    await tape.take("error")
    await _greet(tape)
    for number, frame in enumerate(_WRONG, 2):
        await tape.send(**frame, id=number)
        await tape.take("error")
    await tape.send(type="renew", leases=[{"job": "us_jb_000000zzzz", "fence": 1}])
    await tape.take("stale")


_WRONG: Final[tuple[Step, ...]] = (
    {"type": "dance"},
    {"type": "listen", "credit": -1},
    {"type": "subscribe", "sub": "s", "topics": ["no topic"]},
    {"type": "subscribe", "sub": "s", "after": "0:1"},
    {"type": "ack", "job": "us_jb_000000zzzz", "fence": 1},
    {"type": "publish", "event": {"topic": "job:created"}},
)


async def calls(tape: Tape) -> None:
    """Over HTTP: a job is made, taken and ended, and some calls are refused."""
    made = await tape.call(
        "POST", "/v1/jobs", {"type": "workbook", "operation": "export", "trigger": "immediate"}
    )
    job_id = made["data"]["id"]
    await tape.call("POST", f"/v1/jobs/{job_id}/ack", {"progress": 10, "info": "Begun"})
    tape.pass_time(1)
    await tape.call("POST", f"/v1/jobs/{job_id}/complete", {"outcome": {"message": "Done"}})
    await tape.call("POST", f"/v1/jobs/{job_id}/ack", {"progress": 50})
    await tape.call("GET", "/v1/events?topics=job:*")
    await tape.call("POST", "/v1/jobs", {"type": "Workbook"})
    await tape.call("GET", "/v1/jobs/us_jb_000000zzzz")
    await tape.call("GET", "/v1/jobs", with_key=False)


async def server_sent(tape: Tape) -> None:
    """The log as server-sent events, and again behind the first of them."""
    for total in (1, 2):
        await tape.call("POST", "/v1/events", {"topic": "invoice:paid", "payload": {"total": total}})
    await tape.stream("/v1/events/stream?topics=invoice:*&after=oldest", 3)
    answer = tape.steps[1]["answer"]["body"]["data"]
    await tape.stream(f"/v1/events/stream?topics=invoice:*&after={answer['position']}", 2)
    named = "/v1/events/stream?topics=invoice:*&after=oldest&name=billing"
    await tape.stream(named, 3)
    await tape.call("POST", "/v1/subscriptions/billing/acked", {"position": answer["position"]})
    await tape.stream(named, 2)


async def events(tape: Tape) -> None:
    """What the log says of jobs and files: one of each kind of event that is met most."""
    await tape.upload("rows.csv", "a,b\n1,2\n")
    lease = await _lease(tape)
    waits = {"type": "workbook", "operation": "check", "trigger": "immediate"}
    await tape.call("POST", "/v1/jobs", {**waits, "predecessorIds": [lease["job"]]})
    await tape.send(type="ack", **lease, id=4)
    await tape.take("ok")
    tape.pass_time(1)
    await tape.send(type="tick", **lease, done=5, total=10, text="Halfway")
    await tape.send(type="complete", **lease, outcome={"message": "10 rows"}, result={"rows": 10}, id=5)
    found = await tape.take("ok", "grants")
    lease = {"job": found["jobs"][0]["job"]["id"], "fence": found["jobs"][0]["fence"]}
    later = "2026-01-01T00:01:00.000Z"
    await tape.send(type="fail", **lease, message="The service is down.", retryAt=later, id=6)
    await tape.take("ok")
    await tape.call("POST", f"/v1/jobs/{lease['job']}/execute", {})
    again = await tape.take("grants")
    lease["fence"] = again["jobs"][0]["fence"]
    await tape.send(type="fail", **lease, message="There is no such sheet.", retry=False, id=7)
    await tape.take("ok")
    made = await tape.call("POST", "/v1/jobs", {"type": "workbook", "operation": "export"})
    await tape.call("POST", f"/v1/jobs/{made['data']['id']}/cancel", {})
    await tape.call("GET", "/v1/events?topics=**&pageSize=100")


PLAYED: Final[dict[str, Callable[[Tape], Awaitable[None]]]] = {
    "job": job,
    "failure": failure,
    "reconnection": reconnection,
    "cancellation": cancellation,
    "subscription": subscription,
    "durable": durable,
    "refusals": refusals,
    "calls": calls,
    "server-sent": server_sent,
    "events": events,
}


# ---- recording


@asynccontextmanager
async def _served() -> AsyncIterator[tuple[Tape, dict[str, str]]]:
    """A new server, and what reads alike in all recordings."""
    with TemporaryDirectory() as folder:
        settings, clock = Settings(port=0, data_dir=Path(folder), drain_s=5, log_level="error"), Clock()
        async with running(settings, clock) as (node, url), aiohttp.ClientSession() as http:
            key = (settings.data_dir / "admin.key").read_text().strip()
            alike = {
                node.epoch: EPOCH,
                node.meta.account_id: "us_acc_0000000000",
                node.hub.server_id: "server-1",
                key: "the-key",
                url: "http://127.0.0.1:8420",
            }
            yield Tape(url, key, clock, http), alike


async def recorded(name: str) -> str:
    """The file of this name as it is now."""
    play = PLAYED[name]
    async with _served() as (tape, alike):
        await play(tape)
        about = " ".join((play.__doc__ or "").split())
        text = json.dumps({"about": about, "steps": tape.steps}, indent=2, ensure_ascii=False)
        for found, shown in alike.items():
            text = text.replace(found, shown)
    return text + "\n"


def main(argv: Sequence[str] | None = None) -> int:
    """Write every file, or with ``--check`` name the stale ones; the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail when a file is stale")
    check = parser.parse_args(argv).check
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    stale = 0
    for name in PLAYED:
        path, text = VECTORS / f"{name}.json", asyncio.run(recorded(name))
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue
        stale += 1
        if not check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        print(f"{'stale' if check else 'written'}: docs/vectors/{path.name}")
    return int(check and stale > 0)


if __name__ == "__main__":
    sys.exit(main())
