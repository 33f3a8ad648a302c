"""The one writer of all connections: turns, what goes first, and messages that are encoded once."""

import asyncio
import json

import pytest
from websockets.frames import Frame, Opcode
from websockets.streams import StreamReader

from server.web.sending import AT_ONCE, Sending, text_message


class Sender:
    """Writes its name down, then does what it is told."""

    def __init__(self, name, said, then=lambda: None):
        self.name, self.said, self.then = name, said, then

    def send(self):
        self.said.append(self.name)
        self.then()


@pytest.fixture
def said():
    return []


async def turn():
    """What is planned runs; what it plans does not yet."""
    await asyncio.sleep(0)


async def test_a_turn_serves_a_few_in_their_order_and_the_next_goes_on(said):
    sending = Sending()
    for n in range(AT_ONCE + 3):
        sending.want(Sender(n, said), urgent=False)
    assert said == []
    await turn()
    assert said == list(range(AT_ONCE))
    await turn()
    assert said == list(range(AT_ONCE + 3))


async def test_what_is_urgent_passes_the_rest_without_stopping_it(said):
    sending = Sending()
    for n in range(2 * AT_ONCE):
        sending.want(Sender(n, said), urgent=False)
    await turn()
    for n in range(2 * AT_ONCE):
        sending.want(Sender(f"urgent {n}", said), urgent=True)
    await turn()
    urgent = [f"urgent {n}" for n in range(AT_ONCE)]
    assert said == [*range(AT_ONCE), *urgent, *range(AT_ONCE, 2 * AT_ONCE)]


async def test_who_asks_again_while_it_sends_gets_another_turn(said):
    sending = Sending()
    sending.want(Sender("a", said, lambda: sending.want(Sender("b", said), urgent=True)), urgent=True)
    await turn()
    assert said == ["a"]
    await turn()
    assert said == ["a", "b"]


async def test_one_that_fails_does_not_stop_the_others(said):
    sending = Sending()
    failed = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: failed.append(context["exception"]))
    sending.want(Sender("bad", said, lambda: 1 / 0), urgent=False)
    sending.want(Sender("good", said), urgent=False)
    await turn()
    await turn()
    assert said == ["bad", "good"]
    assert [type(error) for error in failed] == [ZeroDivisionError]


def test_equal_messages_are_encoded_once():
    sending = Sending()
    one, other = ['{"n":1}', '"ä"'], ['{"n":2}']
    first = sending.encode(one)
    assert sending.encode(list(one)) is first
    assert decoded(sending.encode(other)) == [{"n": 2}]
    assert decoded(sending.encode(one)) == [{"n": 1}, "ä"]


@pytest.mark.parametrize("size", [2, 125, 126, 65_535, 65_536, 200_000])
def test_a_message_is_a_frame_as_websockets_read_it(size):
    payload = b'"' + b"x" * (size - 2) + b'"'
    assert read(text_message(payload)) == payload


def decoded(data):
    return json.loads(read(data))


def read(data):
    """The payload of the one frame that these bytes are."""
    reader = StreamReader()
    reader.feed_data(data)
    reader.feed_eof()
    parsing = Frame.parse(reader.read_exact, mask=False)
    try:
        while True:
            next(parsing)
    except StopIteration as end:
        frame = end.value
    assert (frame.opcode, frame.fin) == (Opcode.TEXT, True)
    assert reader.buffer == b""
    return bytes(frame.data)
