"""What goes wrong on the way says whether another attempt may help."""

from server.channels.undelivered import Undelivered


def test_it_says_why_and_whether_to_try_again():
    error = Undelivered("busy", retry=True, retry_after_s=3.0)
    assert (str(error), error.message, error.retry, error.retry_after_s) == ("busy", "busy", True, 3.0)
