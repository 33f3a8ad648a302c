"""An event with something of everything that a filter can look at: places, depths, lists, numbers, null."""

from typing import Any, Final

EVENT: Final[dict[str, Any]] = {
    "id": "us_ev_0000000007",
    "topic": "job:ready",
    "domain": "job",
    "createdAt": "2026-01-01T00:00:00.000Z",
    "namespaces": ["space:portal", "workbook:staging"],
    "attributes": {"http.method": "POST", "progress": {"percent": 50.0}},
    "context": {
        "accountId": "us_acc_1",
        "jobId": "us_jb_0000000001",
        "spaceId": "us_sp_default",
        "environmentId": "us_env_default",
        "actorId": "us_key_1",
        "slugs": {"sheet": "contacts"},
    },
    "payload": {
        "domain": "workbook",
        "operation": "export",
        "job": "workbook:export",
        "status": "ready",
        "isPart": False,
        "info": None,
        "empty": {},
        "input": {"job": "another:job", "rows": 3, "tags": ["red", 7, None, ["deep"], {"x": 1}]},
        "metadata": {"team": "blue", "region": "eu"},
    },
}
