"""A job to look at: develop the frames of a film, each of which takes its time.

tickwire run film:develop --input frames=60
"""

import asyncio

from pydantic import BaseModel, Field

from listener_sdk import Job, Listener, Outcome, next_

listener = Listener()


class Film(BaseModel):
    frames: int = Field(default=60, ge=1, le=10_000, description="How many frames there are")
    frame_s: float = Field(default=0.5, ge=0, le=60, description="How long one takes, in seconds")


@listener.job("film:develop", label="Develop a film")
async def develop(job: Job[Film]) -> Outcome:
    frames = range(1, job.input.frames + 1)
    async for number in job.track(frames, "Developing"):
        await asyncio.sleep(job.input.frame_s)
        job.log.debug("a frame is dry", number=number)
    sheet = await job.attach("".join(f"frame {number}\n" for number in frames).encode(), "contact-sheet.txt")
    return Outcome(
        f"{len(frames)} frames are dry.",
        heading="The film is developed",
        next=next_.download(sheet, label="Contact sheet"),
    )
