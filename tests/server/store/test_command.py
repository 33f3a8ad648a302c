"""Commands as values."""

from server.store.command import Command, Once, Replayed


def run(tx, item):
    return item


def test_a_command_is_eager_and_needs_no_jobs_unless_it_says_so():
    command = Command("note", run)
    assert not command.lazy
    assert not command.needs_no_room
    assert list(command.jobs("anything")) == []


def test_two_commands_are_two_even_when_they_look_alike():
    first, second = Command("note", run), Command("note", run)
    assert first != second
    assert len({first, second}) == 2


def test_a_command_names_the_jobs_of_an_item():
    command = Command("note", run, lambda item: (item, item + 1), lazy=True)
    assert list(command.jobs(4)) == [4, 5]
    assert command.lazy


def test_an_idempotency_key_makes_the_text_that_a_repetition_gets():
    once = Once("us_key_1 POST /v1/jobs", "k", "hash", lambda result: f"<{result}>")
    assert once.answer(7) == "<7>"
    assert Replayed("<7>") == Replayed(once.answer(7))
