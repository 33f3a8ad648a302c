"""Splitting a job into parts over REST."""

from aiohttp import web

from listener_sdk.protocol.jobs import JobSplit

from ..commands import parts
from .call import Call
from .jobs import act


async def split(call: Call) -> web.Response:
    """Make the parts of a job; the job answers. The same call again changes nothing."""
    job_id = call.number("jb", "job")
    return await act(call, JobSplit, parts.SPLIT, lambda body: parts.SplitJob(call.actor, job_id, body))
