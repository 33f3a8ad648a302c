"""The job of the page in examples/browser; the page itself is opened in Chromium by the scenarios."""

import importlib.util

import pytest
from processes import ROOT

from listener_sdk.testing import JobFailed, run_job

SCRIPT = ROOT / "examples" / "browser" / "film.py"
SPEC = importlib.util.spec_from_file_location("example_film", SCRIPT)
film = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(film)


async def test_all_frames_are_developed():
    run = await run_job(film.listener, "film:develop", {"frames": 3, "frame_s": 0})
    assert run.attachment("contact-sheet.txt").decode() == "frame 1\nframe 2\nframe 3\n"
    assert (run.outcome.heading, run.outcome.message) == ("The film is developed", "3 frames are dry.")
    assert (run.outcome.next.type, run.outcome.next.label) == ("download", "Contact sheet")
    assert run.ticks[-1].value() == 100


async def test_a_film_without_frames_is_none():
    with pytest.raises(JobFailed, match="frames"):
        await run_job(film.listener, "film:develop", {"frames": 0})
