"""The example of a Flatfile listener on Tickwire: its driver takes jobs under leases, and they are delivered again when it dies."""

import json
import shutil
from contextlib import contextmanager

import httpx
import pytest
from node_clients import HERE, environment, packages
from processes import ROOT, Started, server, until

from listener_sdk.protocol.times import from_wire

pytestmark = [pytest.mark.must_run, pytest.mark.xdist_group("flatfile-node")]

EXAMPLE = ROOT / "examples" / "flatfile-node"
SCRIPT = """
const { existsSync, appendFileSync } = require("node:fs");
const { setTimeout: pause } = require("node:timers/promises");
const api = require("@flatfile/api").default;
const { FlatfileListener } = require("@flatfile/listener");
const { jobHandler } = require("@flatfile/plugin-job-handler");
const { TickwireDriver } = require("./tickwire-driver.cjs");

const { GATE, OPTIONS = "{}" } = process.env;
const opened = async () => { while (!existsSync(GATE)) await pause(20); };

const listener = FlatfileListener.create((listener) => {
  listener.use(jobHandler("node:gate", async (event, tick) => {
    await tick(10, "Waiting");
    await opened();
    return { outcome: { message: "Through the gate" } };
  }));
  listener.filter({ job: "node:split" }, (split) => {
    split.on("job:ready", { isPart: false }, async ({ context: { jobId } }) => {
      await api.jobs.ack(jobId);
      await api.jobs.split(jobId, { parts: 3, runInParallel: true });
    });
    split.on("job:ready", { isPart: true }, async ({ context: { jobId } }) => {
      await api.jobs.ack(jobId);
      await api.jobs.complete(jobId);
    });
    split.on("job:parts-completed", async ({ context: { jobId }, payload: { parts } }) => {
      await api.jobs.complete(jobId, { info: `${parts.completed} parts` });
    });
  });
  listener.on("job:ready", { job: "node:forgets" }, async () => { throw new Error("nobody hears this"); });
  listener.on("note:*", (event) => console.log("heard", event.payload.number));
});

const driver = new TickwireDriver(JSON.parse(OPTIONS));
listener.mount(driver);
driver.start().then(() => console.log("listening"), () => process.exit(3));
process.once("SIGTERM", () => driver.shutdown());
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    packages()
    with server(tmp_path_factory.mktemp("home"), lease_s=2) as started:
        yield started


@pytest.fixture(scope="module")
def http(home):
    headers = {"Authorization": f"Bearer {home.key}"}
    with httpx.Client(
        trust_env=False, timeout=30, verify=False, base_url=home.url, headers=headers
    ) as client:
        yield client


@pytest.fixture(scope="module")
def key(http):
    """All that a listener needs."""
    made = http.post("/v1/keys", json={"name": "node", "role": "listener"})
    return made.raise_for_status().json()["data"]["key"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The example as who copies it has it, with the packages installed beside it."""
    copy = tmp_path_factory.mktemp("flatfile") / "node"
    shutil.copytree(EXAMPLE, copy, ignore=shutil.ignore_patterns("node_modules"))
    (copy / "node_modules").symlink_to(packages(), target_is_directory=True)
    (copy / "script.cjs").write_text(SCRIPT, encoding="utf-8")
    return copy


@pytest.fixture
def listens(home, key, folder, tmp_path):
    @contextmanager
    def start(script="script.cjs", other_key=None, **options):
        env = {
            **environment(home.url, other_key or key),
            "GATE": str(tmp_path / "gate"),
            "OPTIONS": json.dumps(options),
        }
        process = Started(["node", script], env, folder)
        try:
            yield process
        finally:
            process.stop()

    return start


@pytest.fixture
def listening(listens):
    @contextmanager
    def start(*args, **options):
        with listens(*args, **options) as process:
            until(lambda: "listening" in process.text or process.process.poll() is not None, "it listens")
            assert process.process.poll() is None, process.text
            yield process

    return start


@pytest.fixture
def create(http):
    def make(name, **fields):
        kind, _, operation = name.partition(":")
        body = {"type": kind, "operation": operation, "trigger": "immediate", **fields}
        return http.post("/v1/jobs", json=body).raise_for_status().json()["data"]["id"]

    return make


@pytest.fixture
def job(http):
    """The job, once its status is the one that is waited for."""

    def wait(job_id, status):
        found = {}

        def reached():
            found.update(http.get(f"/v1/jobs/{job_id}").raise_for_status().json()["data"])
            return found["status"] == status

        until(reached, f"the job is {status}")
        return found

    return wait


def test_the_packages_are_those_that_the_tests_run():
    wanted = json.loads((EXAMPLE / "package.json").read_text())["dependencies"]
    tested = json.loads((HERE / "package.json").read_text())["dependencies"]
    assert wanted.items() <= tested.items()


def test_two_lines_of_the_listener_are_not_flatfiles():
    text = (EXAMPLE / "listener.cjs").read_text()
    assert [line for line in text.splitlines() if "Tickwire" in line and not line.startswith("//")] == [
        line for line in text.splitlines() if "// was:" in line
    ]
    assert text.count("// was:") == 2


def test_the_example_completes_a_job_and_hears_of_it(listening, create, job, http):
    with listening("listener.cjs") as process:
        made = create(
            "workbook:approve", input={"orders": [{"id": "A1", "total": 12}, {"id": "A2", "total": 30}]}
        )
        done = job(made, "complete")
        assert done["outcome"] == {
            "heading": "Approved",
            "message": "2 orders are approved.",
            "acknowledge": True,
        }
        assert (done["attempt"], done["progress"], done["info"]) == (1, 100, "Order A2 is approved")
        until(lambda: f"done: {made}" in process.text, "the callback is called")
        events = http.get(
            "/v1/events", params={"topic": "job:updated", "since": done["createdAt"], "pageSize": 100}
        ).json()["data"]
        told = [event["payload"].get("progress") for event in events if event["context"]["jobId"] == made]
        assert [percent for percent in told if percent is not None] == [0, 50, 100]


def test_a_handler_that_throws_fails_its_job_for_good(listening, create, job):
    with listening("listener.cjs"):
        failed = job(create("workbook:approve", input={"orders": [{"id": "A1", "total": -1}]}), "failed")
        assert (failed["info"], failed["outcome"]["acknowledge"]) == ("Order A1 has a negative total.", True)


def test_the_job_of_a_listener_that_is_killed_is_delivered_again(listening, create, job, http, tmp_path):
    with listening() as first:
        made = create("node:gate")
        until(
            lambda: http.get(f"/v1/jobs/{made}").json()["data"].get("info") == "Waiting", "the handler runs"
        )
        first.kill()
    (tmp_path / "gate").touch()
    with listening() as second:
        done = job(made, "complete")
        assert (done["attempt"], done["outcome"]["message"]) == (2, "Through the gate"), second.text
    (lost,) = http.get(f"/v1/jobs/{made}/attempts").json()["data"]
    assert lost["reason"] == "lease lost"


def test_a_handler_goes_on_while_the_server_restarts(listening, create, job, http, home, tmp_path):
    with listening() as process:
        made = create("node:gate")
        until(
            lambda: http.get(f"/v1/jobs/{made}").json()["data"].get("info") == "Waiting", "the handler runs"
        )
        home.kill()
        home.start()
        before = process.text
        until(lambda: http.get(f"/v1/jobs/{made}").json()["data"]["leaseExpiresAt"], "the lease is there")
        (tmp_path / "gate").touch()
        done = job(made, "complete")
        assert (done["attempt"], done["fence"]) == (1, 1), before + process.text


def test_a_lease_is_renewed_for_as_long_as_the_handler_runs(listening, create, job, http, tmp_path):
    with listening():
        made = create("node:gate")
        first = job(made, "executing")["leaseExpiresAt"]

        def much_later():
            expires = http.get(f"/v1/jobs/{made}").json()["data"]["leaseExpiresAt"]
            return seconds(expires) - seconds(first) > 5

        until(much_later, "the lease was renewed over and over")
        (tmp_path / "gate").touch()
        assert job(made, "complete")["attempt"] == 1


def seconds(text):
    return from_wire(text) / 1000


def test_a_job_that_was_split_is_ended_when_its_parts_have(listening, create, job):
    with listening() as process:
        done = job(create("node:split"), "complete")
        assert (done["info"], done["partCounts"]["completed"], done["attempt"]) == ("3 parts", 3, 1), (
            process.text
        )


def test_a_callback_that_does_not_end_its_job_has_used_an_attempt(listening, create, job, http):
    with listening() as process:
        made = create("node:forgets", maxAttempts=1)
        failed = job(made, "failed")
        assert failed["info"] == "The listener has neither completed nor failed the job.", process.text


def test_a_canceled_job_is_canceled_at_once(listening, create, job, http, tmp_path):
    with listening():
        made = create("node:gate")
        until(
            lambda: http.get(f"/v1/jobs/{made}").json()["data"].get("info") == "Waiting", "the handler runs"
        )
        http.post(f"/v1/jobs/{made}/cancel").raise_for_status()
        assert "cancelRequestedAt" in job(made, "canceled")
        (tmp_path / "gate").touch()


def test_jobs_without_a_callback_are_left_to_others(listening, create, job):
    with listening():
        other = create("other:job")
        job(create("node:split"), "complete")
        assert job(other, "ready")["attempt"] == 0


def test_jobs_may_be_chosen_beside_the_callbacks(listening, create, job, tmp_path):
    (tmp_path / "gate").touch()
    with listening(jobs=["node:forg*"]):
        gate = create("node:gate")
        job(create("node:forgets", maxAttempts=1), "failed")
        assert job(gate, "ready")["attempt"] == 0
    with listening(jobs=["node:*"]):
        job(gate, "complete")


def test_a_listener_that_is_stopped_ends_what_runs(listening, create, job, http, tmp_path):
    with listening() as process:
        made = create("node:gate")
        until(
            lambda: http.get(f"/v1/jobs/{made}").json()["data"].get("info") == "Waiting", "the handler runs"
        )
        process.process.terminate()
        (tmp_path / "gate").touch()
        assert process.process.wait(20) == 0, process.text
        assert job(made, "complete")["attempt"] == 1


def test_events_come_in_order_and_with_a_name_also_those_of_the_time_when_nothing_ran(listening, http):
    def publish(*numbers):
        for number in numbers:
            body = {"topic": "note:made", "payload": {"number": number}}
            http.post("/v1/events", json=body).raise_for_status()

    with listening(name="notes") as process:
        publish(1, 2)
        until(lambda: "heard 2" in process.text, "both are heard")
        assert process.text.index("heard 1") < process.text.index("heard 2")
        until(
            lambda: http.get("/v1/subscriptions").json()["data"][0].get("behind") in {0, None},
            "they are acked",
        )
    publish(3, 4)
    with listening(name="notes") as process:
        until(lambda: "heard 4" in process.text, "what was missed is heard")
        assert "heard 1" not in process.text


def test_a_wrong_key_ends_it(listens):
    with listens(other_key="tw_wrong_key") as process:
        assert process.process.wait(20) == 3
        until(lambda: "401" in process.text, "it says why")
