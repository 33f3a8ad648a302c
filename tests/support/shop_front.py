"""A shop whose jobs the console shows: jobs in all states, and definitions with schedules."""

from typing import Any, Final

from console import FOLDER, Home
from processes import until

SHOP: Final = FOLDER / "shop.py"
"""Its listener."""
JOBS: Final[list[tuple[str, str, dict[str, Any]]]] = [
    ("catalog:export", "Catalog for Graz", {"rows": 120}),
    ("orders:import", "Orders of yesterday", {"rows": 240}),
    (
        "prices:update",
        "Prices of the winter sale",
        {"rows": 60, "fail": "Line 17: the price of 1017 is no number"},
    ),
    ("prices:update", "Prices of spare parts", {"rows": 90}),
    ("catalog:export", "Catalog for Linz", {"rows": 4_000}),
    ("orders:import", "Orders of the market place", {"rows": 9_000}),
    ("prices:update", "Prices by the hour", {"rows": 20_000}),
    ("stock:count", "Count of the northern store", {}),
]
DEFINITIONS: Final[list[tuple[str, str, str, dict[str, Any]]]] = [
    (
        "orders-nightly",
        "Orders, nightly",
        "orders:import",
        {"cron": "0 3 * * *", "timeZone": "Europe/Vienna"},
    ),
    (
        "orders-delta",
        "Orders, every ten minutes",
        "orders:import",
        {"cron": "*/10 * * * *", "timeZone": "Europe/Vienna"},
    ),
    (
        "catalog-weekly",
        "Catalog for partners",
        "catalog:export",
        {"cron": "30 6 * * 1", "timeZone": "America/New_York"},
    ),
    ("prices-hourly", "Prices", "prices:update", {"cron": "0 8-18 * * 1-5", "timeZone": "Europe/Vienna"}),
]


def job(home: Home, name: str, label: str, given: dict[str, Any], **more: Any) -> str:
    """A job of the shop that is tried once; its id."""
    kind, operation = name.split(":")
    fields = {"type": kind, "operation": operation, "label": label, "input": given, "maxAttempts": 1}
    made = home.call("POST", "/v1/jobs", {**fields, "trigger": "immediate", **more})
    return str(made["data"]["id"])


def define(home: Home, code: str, name: str, job_type: str, **more: Any) -> None:
    """A definition that is enabled."""
    body = {"jobDefinitionCode": code, "name": name, "jobType": job_type, "params": {}, "enabled": True}
    home.call("POST", "/v1/job-definitions", {"jobDefinition": body | more})


def ended(home: Home, job_id: str) -> None:
    """Wait until it is complete or has failed."""
    until(lambda: home.call("GET", f"/v1/jobs/{job_id}")["data"]["status"] in {"complete", "failed"}, job_id)


def furnish(home: Home, pause_s: float = 0.01) -> list[str]:
    """The shop as its people find it; ids of its jobs, of which the first four have ended. The others take longer with a longer pause."""
    home.declared("orders:import")
    for code, name, job_type, timing in DEFINITIONS:
        define(home, code, name, job_type)
        home.call("POST", f"/v1/job-definitions/{code}/schedules", timing)
    home.call("POST", "/v1/job-definitions/orders-nightly/_execute", {})
    made = [
        job(home, name, label, given if number < 4 else given | {"pause_s": pause_s})
        for number, (name, label, given) in enumerate(JOBS)
    ]
    for one in made[:4]:
        ended(home, one)
    return made
