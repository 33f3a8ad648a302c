"""What a commit means for listeners."""

import pytest

from server.core.effects import CancelAsked, Granted, Lost


def test_a_grant_shows_the_job_as_it_is_when_the_batch_ends(job):
    granted = Granted("us_key_1/s", job)
    job.fence = 3
    assert granted.row.fence == 3


@pytest.mark.parametrize("effect", [CancelAsked("us_key_1/s", 7, 2, "enough"), Lost("us_key_1/s", 7, 2)])
def test_what_ends_names_the_lease_as_it_was(effect):
    assert (effect.holder, effect.job_id, effect.fence) == ("us_key_1/s", 7, 2)
    assert effect != Lost("us_key_1/s", 7, 3)
