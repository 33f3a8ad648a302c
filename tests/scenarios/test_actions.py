"""An action from its making to the outcome, through real processes: the command line, a server that is killed, and a listener."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from buttons import FILLED, PRESS, WHOLE
from postgres import postgres
from processes import DEADLINE_S, Server, listener, server
from terminals import Terminal

from listener_sdk import Client
from listener_sdk.protocol.events import Event

pytestmark = pytest.mark.must_run

SCRIPT = """
from listener_sdk import Job, Listener, Outcome

listener = Listener()

@listener.job("workbook:export")
async def export(job: Job) -> Outcome:
    answers = job.input
    await job.tick(50, f"Writing {answers['title']}")
    return Outcome(f"{answers['title']}.{answers['format']} has {answers['rows']} rows", data=answers)

listener.run()
"""


def tickwire(home: Server, *arguments: str) -> str:
    return Terminal(home).run(*arguments)


async def made_ready(client: Client, job_id: str) -> Event:
    async for event in client.subscribe("job:ready", where={"jobId": job_id}, after="oldest"):
        assert isinstance(event, Event)
        return event
    raise AssertionError("the subscription ended")


@pytest.mark.parametrize(
    "database",
    [
        pytest.param(dict, id="sqlite"),
        pytest.param(lambda: {"database_url": postgres().store()}, id="postgresql"),
    ],
)
async def test_a_button_is_made_pressed_and_its_job_done(
    tmp_path: Path, database: Callable[[], dict[str, Any]]
) -> None:
    (tmp_path / "export.py").write_text(SCRIPT)
    with server(tmp_path / "home", **database()) as home:
        form, more = (json.dumps(one) for one in (WHOLE["inputForm"], {"constraints": WHOLE["constraints"]}))
        tickwire(
            home, "actions", "create", "workbook:export", "--label", "Export", "--target", "us_wb_orders", "--confirm", "--form", form,
            "--more", more,
        )  # fmt: skip
        home.kill()
        home.start()
        with listener(tmp_path / "export.py", home.environment):
            async with Client(home.url, home.key) as client, asyncio.timeout(DEADLINE_S):
                (action,) = await client.actions.list(domain="workbook")
                job = await client.actions.execute(action.id, **PRESS)
                done = await client.jobs.wait(job.id)
                ready = await made_ready(client, job.id)
            subject = json.dumps(PRESS["subject"])
            shown = tickwire(
                home, "actions", "run", "workbook:export", "-i", "title=Returns", "-i", "rows=7", "--subject", subject, "--yes"
            )  # fmt: skip
    assert (done.status, done.result) == ("complete", FILLED)
    assert (done.source, done.mode, done.label) == ("us_wb_orders", "background", "Export")
    assert (ready.payload["input"], ready.payload["subject"]) == (FILLED, PRESS["subject"])
    assert (ready.context["actionId"], ready.context["workbookId"]) == (action.id, "us_wb_orders")
    assert "Returns.csv has 7 rows" in shown
