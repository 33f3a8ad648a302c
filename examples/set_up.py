"""What is set up once, with the key of a developer: definitions that go on by themselves, and buttons for people.

python examples/set_up.py           for the web shop at WEBSHOP in the environment, else at http://127.0.0.1:8421

To run it again changes what is different. A definition that somebody has disabled meanwhile stays so.
"""

import asyncio
import os
from typing import Any, Final

from listener_sdk import ApiError, Client
from webshop_calls import TOKEN, WEBSHOP

Form = list[dict[str, Any]]


def choice(key: str, label: str, *values: tuple[str, str], **fields: Any) -> dict[str, Any]:
    """A field of a form with which one of several values is chosen."""
    options = [{"value": value, "label": shown} for value, shown in values]
    return {"key": key, "type": "enum", "label": label, "config": {"options": options}, **fields}


REQUIRED: Final = {"constraints": [{"type": "required"}]}
SHEET: Final = choice("sheet", "Sheet", ("products", "Products"), ("orders", "Orders"), **REQUIRED)
EXPORT: Final[Form] = [
    SHEET,
    choice("format", "Format", ("xlsx", "Excel"), ("csv", "CSV"), defaultValue="xlsx"),
    {"key": "problems", "type": "boolean", "label": "Say what is wrong", "defaultValue": False},
]
REPLACE: Final[Form] = [
    SHEET,
    {"key": "find", "type": "string", "label": "Find", **REQUIRED},
    {"key": "replace", "type": "string", "label": "Replace by", "defaultValue": ""},
    {"key": "whole_cell", "type": "boolean", "label": "Whole cells only", "defaultValue": False},
    {"key": "dry_run", "type": "boolean", "label": "Only count", "defaultValue": False},
]
BUTTONS: Final[dict[str, dict[str, Any]]] = {
    "space:configure": {"label": "Set up the workbook", "tooltip": "Makes the sheets that are missing"},
    "workbook:export": {
        "label": "Export",
        "mount": {"type": "workbook"},
        "mode": "foreground",
        "primary": True,
        "input_form": {"fields": EXPORT},
    },
    "sheet:find-replace": {
        "label": "Find and replace",
        "mount": {"type": "sheet", "slugs": ["products", "orders"]},
        "confirm": True,
        "constraints": [{"type": "hasData"}],
        "input_form": {"fields": REPLACE},
    },
}
"""By the jobs that they make."""


def definitions(webshop: str) -> dict[str, dict[str, Any]]:
    """By their codes: the import, the clean-up that an event starts, the call that every export starts, and one that is made now and then."""
    return {
        "orders-import": {
            "job_type": "shop:import-orders",
            "name": "Orders of the web shop",
            "target": "orders",
            "modes": {"default": "delta", "delta": {"startDate": "2025-06-01T00:00:00Z"}},
        },
        "remove-assets": {
            "job_type": "sheet:remove-assets",
            "name": "Remove products that the shop has given up",
            "target": "products",
            "params": {"at_most": 50},
            "triggers": [
                {"topic": "shop:products-removed", "params": {"skus": "{{ event.payload.skus }}"}},
            ],
        },
        "tell-webshop": {
            "job_type": "callWebserviceEndpoint",
            "name": "Tell the web shop of exports",
            "params": {
                "url": f"{webshop}/exports",
                "method": "POST",
                "headers": {"Authorization": f"Bearer {{{{ secrets.{TOKEN} }}}}"},
            },
            "triggers": [
                {
                    "topic": "job:completed",
                    "filter": {"job": "workbook:export"},
                    "params": {
                        "body": {
                            "job": "{{ event.context.jobId }}",
                            "file": "{{ event.payload.outcome.next.fileName }}",
                            "records": "{{ event.payload.counts.ok }}",
                            "text": "{{ event.payload.outcome.heading }}: {{ event.payload.outcome.message }}",
                        }
                    },
                }
            ],
        },
        "watch-webshop": {
            "job_type": "callWebserviceEndpoint",
            "name": "See how the web shop is",
            "params": {
                "url": f"{webshop}/state",
                "headers": {"Authorization": f"Bearer {{{{ secrets.{TOKEN} }}}}"},
            },
        },
    }


async def set_up(client: Client, webshop: str) -> list[str]:
    """Make what is missing, and change what is different; a line on each."""
    defined = [await define(client, code, **fields) for code, fields in definitions(webshop).items()]
    there = {action.job: action.id for action in await client.actions.list()}
    return [*defined, *[await mount(client, there.get(job), job, **said) for job, said in BUTTONS.items()]]


async def define(client: Client, code: str, **fields: Any) -> str:
    try:
        before = await client.definitions.get(code)
    except ApiError as error:
        if error.code != "not_found":
            raise
        await client.definitions.create(code, enabled=True, **fields)
        return f"definition {code}: made"
    after = await client.definitions.update(code, **fields)
    return f"definition {code}: {'as it was' if after == before else 'changed'}"


async def mount(client: Client, action_id: str | None, job: str, **said: Any) -> str:
    if action_id is None:
        await client.actions.create(operation=job.partition(":")[2], **said)
        return f"button {said['label']}: made"
    before = await client.actions.get(action_id)
    after = await client.actions.update(action_id, **said)
    return f"button {said['label']}: {'as it was' if after == before else 'changed'}"


async def main() -> None:
    async with Client() as client:
        for line in await set_up(client, os.environ.get("WEBSHOP", WEBSHOP)):
            print(line)


if __name__ == "__main__":
    asyncio.run(main())
