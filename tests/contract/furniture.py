"""Things of every kind that are there to be found, and which routes ask for which of them."""

import json
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

from processes import Server, until

NOOP = {"type": "a", "operation": "b", "trigger": "immediate"}
FOUND_BY_CHANCE = 0.8
"""How many of the calls ask for what there is; the others for what there is not."""

OWN = 0.95
"""How many of the calls name the space that the key opens; the others find nothing, whatever they ask for."""
OF_THE_SPACE = {
    '"query.spaceId"': "here",
    '"query.environmentId"': "environments",
    '"header.X-Customer-Code"': "codes",
}

OF_PATHS = {
    "jobs": "jobs",
    "events": "events",
    "files": "files",
    "actions": "actions",
    "job-definitions": "definitions",
    "job-types": "types",
    "schedules": "schedules",
    "runs": "runs",
    "hooks": "hooks",
    "hook-deliveries": "calls",
    "endpoints": "endpoints",
    "endpoint-deliveries": "posts",
    "members": "members",
    "keys": "keys",
    "secrets": "secrets",
    "spaces": "spaces",
    "environments": "environments",
    "subscriptions": "subscriptions",
}
"""By the word of a path before its parameter: the kind of what is asked for."""


def furnish(home: Server) -> dict[str, list[str]]:
    """Make some of everything; their ids, by kind."""
    call = _caller(home)
    found = dict(_jobs(call)) | dict(_definitions(call)) | dict(_outside(call)) | dict(_space(call))
    with _open(home, "GET", "/v1/events/stream?name=invoices&topics=invoice:*&after=oldest") as stream:
        stream.readline()
    found["subscriptions"] = ["invoices"]
    found["events"] = [one["id"] for one in call("GET", "/v1/events?pageSize=20")["data"]]
    missing = set(OF_PATHS.values()) - {kind for kind, ids in found.items() if ids}
    assert not missing, f"there is nothing of {sorted(missing)}"
    return found


def configuration(found: dict[str, list[str]]) -> str:
    """For schemathesis: whoever asks for one thing asks for one that there is, as a rule. What is removed is not: others want it."""
    lines = ["[parameters]"]
    lines += [
        f'{name} = {{ dictionary = "{kind}", probability = {OWN} }}' for name, kind in OF_THE_SPACE.items()
    ]
    lines.append("")
    for kind, ids in found.items():
        lines += [f"[dictionaries.{kind}]", f"values = {json.dumps(ids)}", ""]
    for word, kind in OF_PATHS.items():
        binding = f'{{ dictionary = "{kind}", probability = {FOUND_BY_CHANCE} }}'
        lines += [
            "[[operations]]",
            f'include-path-regex = "/v1/{word}/.(id|code|name).(/|$)"',
            'exclude-method = "DELETE"',
            "[operations.parameters]",
            *(f'"path.{name}" = {binding}' for name in ("id", "code", "name")),
            "",
        ]
    return "\n".join(lines)


Call = Callable[..., Any]


def _caller(home: Server) -> Call:
    def call(method: str, path: str, body: object = None) -> Any:
        with _open(home, method, path, None if body is None else json.dumps(body).encode()) as answer:
            return json.load(answer)

    return call


def _open(home: Server, method: str, path: str, content: bytes | None = None) -> Any:
    # What is stored as a file is CSV: schemathesis reads JSON for what it is, and expects bytes.
    kind = "text/csv" if "files" in path else "application/json"
    headers = {"Authorization": f"Bearer {home.key}", "Content-Type": kind}
    request = urllib.request.Request(home.url + path, content, headers, method=method)
    return urllib.request.urlopen(request, timeout=20)


def _jobs(call: Call) -> Iterator[tuple[str, list[str]]]:
    """One in each state that a call can bring about."""
    ids = [
        call("POST", "/v1/jobs", NOOP | more)["data"]["id"]
        for more in ({}, {}, {}, {}, {"trigger": "manual"})
    ]
    _, running, done, failed, _ = ids
    for one in (running, done, failed):
        call("POST", f"/v1/jobs/{one}/ack", {})
    outcome = {"message": "Done", "acknowledge": True, "next": {"type": "url", "url": "https://example.com/"}}
    call("POST", f"/v1/jobs/{done}/complete", {"outcome": outcome})
    call("POST", f"/v1/jobs/{failed}/fail", {"outcome": {"message": "No paper"}})
    yield "jobs", ids
    yield "files", [call("POST", "/v1/files?name=list.csv", "sku,price")["data"]["id"]]


def _definitions(call: Call) -> Iterator[tuple[str, list[str]]]:
    """One that has run, with a schedule, and one that is off."""
    for code, enabled in (("daily", True), ("resting", False)):
        body = {"jobDefinitionCode": code, "name": code, "jobType": "noop", "params": {}, "enabled": enabled}
        call("POST", "/v1/job-definitions", {"jobDefinition": body})
    call("POST", "/v1/job-definitions/daily/_execute", {})
    made = call("POST", "/v1/job-definitions/daily/schedules", {"cron": "0 3 * * *"})["data"]
    yield "definitions", ["daily", "resting"]
    yield "types", ["noop", "publishEvent"]
    yield "schedules", [made["id"]]
    yield "runs", [one["id"] for one in call("GET", "/v1/runs")["data"]]
    yield "actions", [call("POST", "/v1/actions", {"label": "Export", "operation": "export"})["id"]]


def _outside(call: Call) -> Iterator[tuple[str, list[str]]]:
    """A hook that was called, and an endpoint that gets events at an address of nobody."""
    hook = call("POST", "/v1/hooks", {"name": "in", "verification": {"kind": "none"}, "event": "order:paid"})[
        "data"
    ]
    posted = urllib.request.Request(hook["url"], b'{"a": 1}', {"Content-Type": "application/json"})
    with urllib.request.urlopen(posted, timeout=20) as answer:
        assert answer.status == 202
    endpoint = call("POST", "/v1/endpoints", {"url": "https://nobody.invalid/", "topics": ["invoice:*"]})[
        "data"
    ]
    call("POST", "/v1/events", {"topic": "invoice:paid"})
    yield "hooks", [hook["id"]]
    yield "calls", [one["id"] for one in call("GET", f"/v1/hooks/{hook['id']}/deliveries")["data"]]
    yield "endpoints", [endpoint["id"]]
    deliveries = f"/v1/endpoints/{endpoint['id']}/deliveries"
    posts = until(lambda: call("GET", deliveries)["data"], "an event is delivered")
    yield "posts", [one["id"] for one in posts]


def _space(call: Call) -> Iterator[tuple[str, list[str]]]:
    """A member, a key, a secret and another space."""
    email = "ada@example.com"
    yield (
        "members",
        [call("POST", "/v1/members", {"name": "Ada", "email": email, "role": "operator"})["data"]["id"]],
    )
    yield "keys", [call("POST", "/v1/keys", {"name": "other", "role": "viewer"})["data"]["id"]]
    yield (
        "secrets",
        [one["id"] for one in call("POST", "/v1/secrets", {"name": "TOKEN", "value": "x" * 20})["data"]],
    )
    yield "spaces", [call("POST", "/v1/spaces", {"name": "Other"})["data"]["id"]]
    yield "here", ["us_sp_default"]
    yield "codes", ["default"]
    yield "environments", [one["id"] for one in call("GET", "/v1/environments")["data"]]
