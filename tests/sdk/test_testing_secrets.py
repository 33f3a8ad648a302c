"""Handlers with secrets, run without a server."""

import pytest

from listener_sdk import Job, Listener, SyncJob
from listener_sdk.testing import JobFailed, run_job

listener = Listener()


@listener.job("crm:sync", secrets=["crm_token"])
async def sync(job: Job) -> str:
    job.log.info(job.secrets["crm_token"])
    return f"used {len(job.secrets['crm_token'])} characters of {job.secrets['crm_token']}"


@listener.job("crm:read", secrets=["crm_token"])
def read(job: SyncJob) -> str:
    return job.secrets["other"]


async def test_a_handler_has_what_it_was_given_and_does_not_show_it():
    run = await run_job(listener, "crm:sync", secrets={"crm_token": "open sesame"})
    assert run.outcome.message == "used 11 characters of ***"
    assert [line.message for line in run.log] == ["***"]


async def test_a_missing_one_fails_the_job_with_advice():
    with pytest.raises(JobFailed, match="pass secrets=") as caught:
        await run_job(listener, "crm:sync")
    assert caught.value.retry is True


async def test_one_that_was_given_but_not_declared_is_not_there():
    with pytest.raises(JobFailed, match="was not declared"):
        await run_job(listener, "crm:read", secrets={"crm_token": "x", "other": "y"})
