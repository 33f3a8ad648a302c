"""Flatfile's client of Node reads, publishes and acknowledges events, and makes actions."""

import pytest
from node_clients import date

pytestmark = pytest.mark.must_run

CONTEXT = {"accountId": "us_acc_x", "environmentId": "us_env_default"}


@pytest.fixture(scope="module")
def publish(node):
    def send(topic="sheet:updated", **fields):
        given = {"topic": topic, "domain": topic.split(":")[0], "payload": {}, "context": CONTEXT, **fields}
        return node("events.create", given)["data"]

    return send


def test_an_event_is_published_read_and_taken_off_the_list(node, publish):
    made = publish(
        "workbook:updated",
        payload={"recordsAdded": 100},
        context={
            **CONTEXT,
            "workbookId": "us_wb_1",
            "slugs": {"sheet": "people"},
            "namespaces": ["space:portal"],
        },
        attributes={
            "targetUpdatedAt": date("2026-01-01T00:00:00.000Z"),
            "progress": {"current": 1, "total": 2, "percent": 50},
        },
        dataUrl="v1/sheets/us_sh_1/records",
        origin={"id": "us_wb_1", "slug": "contacts"},
        namespaces=["space:portal"],
    )
    assert node("events.get", made["id"])["data"] == made
    assert (made["payload"], made["context"]["slugs"]) == ({"recordsAdded": 100}, {"sheet": "people"})
    asked = {"topic": "workbook:updated", "since": date(made["createdAt"])}
    assert [event["id"] for event in node("events.list", asked)["data"]] == [made["id"]]
    assert node("events.ack", made["id"])["data"] == {"success": True}
    assert node("events.list", asked)["data"] == []
    (seen,) = node("events.list", {**asked, "includeAcknowledged": True})["data"]
    assert seen["acknowledgedAt"] >= made["createdAt"]


def test_events_are_listed_by_every_parameter(node, publish):
    made = [
        publish(topic) for topic in ("sheet:created", "document:created", "sheet:deleted", "sheet:created")
    ]
    asked = {
        "since": date(made[0]["createdAt"]),
        "environmentId": "us_env_default",
        "spaceId": "us_sp_default",
    }
    found = node(
        "events.list", {**asked, "domain": "sheet", "topic": "sheet:created", "pageSize": 1, "pageNumber": 2}
    )
    assert [event["id"] for event in found["data"]] == [made[3]["id"]]
    ids = [event["id"] for event in node("events.list", {**asked, "domain": "sheet"})["data"]]
    assert ids == [made[0]["id"], made[2]["id"], made[3]["id"]]


def test_every_event_of_a_job_is_one_that_the_client_knows(node):
    """It prints a warning where it does not, which ``node`` takes for an error."""
    job = node(
        "jobs.create", {"type": "sheet", "operation": "count", "source": "us_sh_1", "trigger": "immediate"}
    )["data"]
    node("jobs.ack", job["id"])
    node("jobs.split", job["id"], {"parts": 1})
    (part,) = node("jobs.list", {"parentId": job["id"]})["data"]
    node("jobs.cancel", part["id"])
    node("jobs.complete", job["id"])
    node("jobs.ackOutcome", job["id"])
    other = node("jobs.create", {"type": "sheet", "operation": "count", "source": "us_sh_1"})["data"]
    node("jobs.delete", other["id"])
    events = node("events.list", {"since": date(job["createdAt"]), "domain": "job", "pageSize": 100})["data"]
    mine = [event for event in events if event["context"]["jobId"] in {job["id"], part["id"], other["id"]}]
    assert {event["topic"] for event in mine} >= {
        "job:created", "job:ready", "job:updated", "job:parts-completed", "job:completed", "job:outcome-acknowledged", "job:deleted",
    }  # fmt: skip
    for event in mine:
        assert node("events.get", event["id"])["data"] == event


def test_there_is_no_token_for_another_service(node, node_refused):
    for asked in ({}, {"scope": "us_env_default"}):
        with node_refused(404, "not_supported", kind="NotFoundError"):
            node("events.getEventToken", asked)


def test_a_topic_of_the_server_is_an_error_of_the_clients_own_type(publish, node_refused):
    with node_refused(400, "reserved_topic", kind="BadRequestError", key="topic"):
        publish("job:created")


def test_actions_are_made_read_changed_and_removed(node, node_refused):
    form = {
        "type": "simple",
        "fields": [
            {"key": "format", "label": "Format", "type": "string", "constraints": [{"type": "required"}]}
        ],
    }
    whole = {
        "targetId": "us_wb_1", "operation": "node-export", "label": "Export", "mode": "foreground", "primary": True, "confirm": False,
        "tooltip": "As CSV", "description": "Writes a file", "icon": "download", "schedule": "daily", "inputForm": form,
        "constraints": [{"type": "hasSelection"}], "mount": {"type": "workbook"},
    }  # fmt: skip
    made = node("actions.create", {"spaceId": "us_sp_default", "body": whole})["data"]
    assert {name: made[name] for name in whole} == whole
    assert node("actions.get", made["id"])["data"] == made
    (other,) = node(
        "actions.bulkCreate", {"spaceId": "us_sp_default", "body": [{**whole, "operation": "other"}]}
    )
    listed = [action["id"] for action in node("actions.getAll", {"spaceId": "us_sp_default"})]
    assert {made["id"], other["id"]} <= {*listed}
    assert node("actions.update", made["id"], {"label": "Export all"})["data"]["label"] == "Export all"
    for action in (made, other):
        assert node("actions.delete", action["id"])["data"] == {"success": True}
    with node_refused(404, "not_found"):
        node("actions.get", made["id"])


def test_the_space_is_found_as_programs_look_for_it(node):
    (environment,) = node("environments.list", {"pageSize": 100})["data"]
    assert environment["id"] == "us_env_default"
    assert node("environments.get", environment["id"])["data"]["accountId"] == environment["accountId"]
    assert node("spaces.get", "us_sp_default")["data"]["environmentId"] == environment["id"]


def test_secrets_are_set_and_listed(node):
    given = {"name": "NODE_CLIENT", "value": "s3cret", "environmentId": "us_env_default"}
    assert "NODE_CLIENT" in [one["name"] for one in node("secrets.upsert", given)["data"]]
    (made,) = [
        one
        for one in node("secrets.list", {"environmentId": "us_env_default"})["data"]
        if one["name"] == "NODE_CLIENT"
    ]
    assert made["id"] not in [one["id"] for one in node("secrets.delete", made["id"])["data"]]
