"""Flatfile's client of Node leads jobs through their lives."""

import ast
from pathlib import Path

import pytest
from node_clients import NodeClient, NodeError, date

pytestmark = pytest.mark.must_run

JOB = {"type": "workbook", "operation": "export", "source": "us_wb_1"}
EVENT = {
    "topic": "sheet:updated",
    "domain": "sheet",
    "payload": {},
    "context": {"accountId": "a", "environmentId": "b"},
}
EMPTY_PLAN = {"fieldMapping": [], "unmappedSourceFields": [], "unmappedDestinationFields": []}
ACTION = {"targetId": "us_wb_1", "label": "Export", "operation": "export"}
WITHOUT_ID = {
    "jobs.list": (),
    "jobs.create": (JOB,),
    "jobs.previewMutation": ({"sheetId": "us_sh_1", "mutateRecord": "(record) => record"},),
    "events.list": (),
    "events.create": (EVENT,),
    "events.getEventToken": (),
    "actions.create": ({"spaceId": "us_sp_default", "body": ACTION},),
    "actions.bulkCreate": ({"spaceId": "us_sp_default", "body": [ACTION]},),
    "actions.getAll": ({"spaceId": "us_sp_default"},),
}
"""What the methods that take no id are called with at least."""
LEAST = {
    "jobs.update": lambda _: ({"info": "x"},),
    "jobs.split": lambda _: ({"parts": 2},),
    "jobs.updateExecutionPlan": lambda name: ({"fileId": "us_fl_1", "jobId": name, **EMPTY_PLAN},),
    "jobs.updateExecutionPlanFields": lambda name: ({"fileId": "us_fl_1", "jobId": name},),
    "actions.update": lambda _: ({},),
}
"""What the others take beside it."""
KINDS = {"jobs": "jb", "events": "ev", "actions": "ac"}


@pytest.fixture(scope="session")
def methods(node):
    return sorted(f"{resource}.{name}" for resource in KINDS for name in node(resource))


@pytest.fixture(scope="module")
def create(node):
    return lambda trigger="immediate", **fields: node("jobs.create", {**JOB, "trigger": trigger, **fields})[
        "data"
    ]


@pytest.fixture(scope="module")
def begin(node, create):
    return lambda **fields: node("jobs.ack", create(**fields)["id"])["data"]


def call(client, method, name):
    more = WITHOUT_ID[method] if method in WITHOUT_ID else (name, *LEAST.get(method, lambda _: ())(name))
    return client(method, *more)


def test_every_method_of_the_client_is_called_in_these_tests(methods):
    """By its name, as first argument of ``node``."""
    called = {
        found.args[0].value
        for path in Path(__file__).parent.glob("test_flatfile_node_*.py")
        for found in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(found, ast.Call)
        and isinstance(found.func, ast.Name)
        and found.func.id == "node"
        and isinstance(found.args[0], ast.Constant)
    }
    assert set(methods) - called == set()
    assert (WITHOUT_ID.keys() | LEAST.keys()) <= set(methods)


def test_a_manual_job_is_executed_acked_ticked_completed_and_its_outcome_seen(node, create, listed_of):
    job = create("manual", input={"rows": 5}, metadata={"team": "a"}, mode="foreground", info="Made")
    assert (job["status"], job["trigger"], job["input"], job["metadata"]) == (
        "created",
        "manual",
        {"rows": 5},
        {"team": "a"},
    )
    assert node("jobs.execute", job["id"])["data"] == {"success": True}
    begun = node("jobs.ack", job["id"], {"info": "Accepted", "progress": 0})["data"]
    assert (begun["status"], begun["info"], begun["progress"]) == ("executing", "Accepted", 0)
    ends = "2031-01-02T03:04:05.678Z"
    tick = node("jobs.ack", job["id"], {"info": "Half", "progress": 50, "estimatedCompletionAt": date(ends)})[
        "data"
    ]
    assert (tick["progress"], tick["info"], tick["estimatedCompletionAt"]) == (50, "Half", ends)
    outcome = {
        "heading": "Exported",
        "message": "5 rows",
        "acknowledge": True,
        "buttonText": "Fine",
        "next": {"type": "url", "url": "https://example.com/a.csv", "label": "Open"},
    }
    done = node("jobs.complete", job["id"], {"info": "Finished", "outcome": outcome})["data"]
    assert (done["status"], done["progress"], done["info"], done["outcome"]) == (
        "complete",
        100,
        "Finished",
        outcome,
    )
    seen = node("jobs.ackOutcome", job["id"])["data"]
    assert seen["outcomeAcknowledgedAt"] >= seen["finishedAt"] >= seen["startedAt"]
    assert node("jobs.get", job["id"])["data"] == seen
    assert listed_of(job) == [
        "job:created", "job:ready", "job:updated", "job:updated", "job:completed", "job:outcome-acknowledged",
    ]  # fmt: skip


@pytest.fixture(scope="session")
def listed_of(http):
    """The topics of a young job's events."""

    def found(job):
        given = {"domain": "job", "since": job["createdAt"], "pageSize": 1000}
        events = http.get("/v1/events", params=given).raise_for_status().json()["data"]
        return [event["topic"] for event in events if event["context"]["jobId"] == job["id"]]

    return found


NEXT = [
    {"type": "id", "id": "us_wb_1", "label": "See", "path": "files", "query": "mode=export"},
    {"type": "url", "url": "https://example.com", "label": "Open"},
    {"type": "download", "url": "https://example.com/a.csv", "label": "Download", "fileName": "a.csv"},
    {"type": "wait", "fade": True, "confetti": True},
    {"type": "snapshot", "snapshotId": "us_ss_1", "sheetId": "us_sh_1"},
    {"type": "retry", "label": "Again"},
    {"type": "view", "sheetId": "us_sh_1", "hiddenColumns": ["a"], "label": "Look"},
]


@pytest.mark.parametrize("following", NEXT, ids=lambda one: one["type"])
def test_every_next_action_comes_back_as_it_was_sent(node, begin, following):
    done = node("jobs.complete", begin()["id"], {"outcome": {"message": "Done", "next": following}})["data"]
    assert done["outcome"]["next"] == following


def test_a_failed_job_is_run_again_as_a_new_one(node, begin, listed_of):
    job = begin(input={"rows": 5})
    outcome = {"message": "Sorry", "acknowledge": True}
    failed = node("jobs.fail", job["id"], {"info": "No sheet", "outcome": outcome})["data"]
    assert (failed["status"], failed["info"], failed["outcome"]) == ("failed", "No sheet", outcome)
    again = node("jobs.retry", job["id"])["data"]
    assert (again["status"], again["input"], again["id"] != job["id"]) == ("ready", {"rows": 5}, True)
    assert listed_of(job)[-1] == "job:failed"
    node("jobs.cancel", again["id"])


def test_a_job_is_canceled_updated_and_deleted(node, create, begin, node_refused):
    job = begin()
    changes = {"info": "Wait", "progress": 20, "metadata": {"a": 1}, "config": {"delay": 1}}
    changed = node("jobs.update", job["id"], changes)["data"]
    assert (changed["info"], changed["progress"], changed["metadata"]) == ("Wait", 20, {"a": 1})
    assert node("jobs.update", job["id"], {"status": "complete"})["data"]["status"] == "complete"
    seen = node("jobs.update", job["id"], {"outcomeAcknowledgedAt": date("2031-01-01T00:00:00.000Z")})["data"]
    assert seen["outcomeAcknowledgedAt"]
    waiting = create("manual")
    gone = node("jobs.cancel", waiting["id"], {"info": "Not needed"})["data"]
    assert (gone["status"], gone["info"]) == ("canceled", "Not needed")
    assert node("jobs.delete", waiting["id"])["data"] == {"success": True}
    with node_refused(404, "not_found"):
        node("jobs.get", waiting["id"])


def test_jobs_are_listed_by_page_and_filter(node, create):
    book = "us_wb_of_the_node_client"
    made = [create("manual", source=book) for _ in range(5)]
    part = create("manual", source=book, parentId=made[0]["id"])
    first = node("jobs.list", {"workbookId": book, "pageSize": 4, "pageNumber": 1, "sortDirection": "asc"})
    assert [job["id"] for job in first["data"]] == [job["id"] for job in made[:4]]
    assert first["pagination"] == {"currentPage": 1, "pageCount": 2, "totalCount": 6}
    given = {
        "environmentId": "us_env_default",
        "spaceId": "us_sp_default",
        "workbookId": book,
        "excludeChildJobs": True,
    }
    assert len(node("jobs.list", given)["data"]) == 5
    assert [job["id"] for job in node("jobs.list", {"parentId": made[0]["id"]})["data"]] == [part["id"]]


@pytest.mark.parametrize("parts", [2, [{"page": "a"}, {"page": "b"}]])
def test_a_job_is_split_and_its_listener_ends_it(node, begin, listed_of, parts):
    job = begin(input={"rows": 5})
    assert node("jobs.split", job["id"], {"parts": parts, "runInParallel": True})["data"]["id"] == job["id"]
    made = node("jobs.list", {"parentId": job["id"], "sortDirection": "asc"})["data"]
    data = parts if isinstance(parts, list) else [{"part": 0}, {"part": 1}]
    assert [(part["part"], part["partData"], part["partExecution"]) for part in made] == [
        (number, one, "parallel") for number, one in enumerate(data)
    ]
    for part in made:
        node("jobs.ack", part["id"])
        node("jobs.complete", part["id"])
    (event,) = node("events.list", {"topic": "job:parts-completed", "since": date(job["createdAt"])})["data"]
    assert event["payload"]["parts"] == {"total": 2, "completed": 2, "failed": 0, "canceled": 0}
    assert node("jobs.complete", event["context"]["jobId"])["data"]["status"] == "complete"
    assert listed_of(job)[-2:] == ["job:parts-completed", "job:completed"]


def test_a_plan_is_read_set_and_changed(node, create):
    job = create("manual", type="file", operation="map", source="us_fl_1")
    assert node("jobs.getExecutionPlan", job["id"])["data"]["plan"] == EMPTY_PLAN
    name = {"type": "string", "key": "name", "label": "Name"}
    mail = {"type": "string", "key": "mail"}
    plan = {
        "fieldMapping": [
            {
                "sourceField": name,
                "destinationField": name,
                "preview": ["Ada"],
                "metadata": {"certainty": "absolute"},
            }
        ],
        "unmappedSourceFields": [{"sourceField": mail, "preview": ["a@b.example"]}],
        "unmappedDestinationFields": [{"destinationField": mail, "preview": []}],
        "programId": "us_pg_1",
    }
    about = {"fileId": "us_fl_1", "jobId": job["id"]}
    made = node("jobs.updateExecutionPlan", job["id"], {**about, **plan})["data"]
    assert {name: made["plan"][name] for name in plan} == plan
    changed = node("jobs.updateExecutionPlanFields", job["id"], {**about, "unmappedSourceFields": []})["data"]
    assert changed["plan"]["unmappedSourceFields"] == []
    assert changed["plan"]["fieldMapping"] == plan["fieldMapping"]


def test_a_mutation_of_sheets_is_not_supported(node, node_refused):
    with node_refused(404, "not_supported"):
        node("jobs.previewMutation", *WITHOUT_ID["jobs.previewMutation"])


def test_an_illegal_move_is_an_error_with_the_reason(node, create, node_refused):
    job = create("manual")
    with node_refused(409, "illegal_move", status="created"):
        node("jobs.ack", job["id"])


def test_what_the_client_itself_refuses_never_arrives(node):
    with pytest.raises(NodeError) as caught:
        node("jobs.create", {**JOB, "type": "invoice"})
    assert (caught.value.kind, caught.value.status) == ("JsonError", None)


@pytest.fixture(scope="module")
def stranger(tickwire):
    client = NodeClient(tickwire.url, "tw_wrong_key")
    yield client
    client.close()


def test_a_wrong_key_is_refused_by_every_method(stranger, methods, node_refused):
    for method in methods:
        with node_refused(401, "unauthorized"):
            call(stranger, method, "us_jb_0000000001")


def test_an_unknown_id_is_not_found_by_any_method(node, methods, node_refused):
    for method in methods:
        if method not in WITHOUT_ID:
            for name in (f"us_{KINDS[method.partition('.')[0]]}_zzzzzzzzzz", "nothing"):
                with node_refused(404, "not_found", key="id"):
                    call(node, method, name)
