import json

from listener_sdk._messages import encode
from listener_sdk.protocol.frames import Ack, Complete


def test_frames_are_joined_and_split_where_a_message_would_be_too_large():
    small = [Ack(job=f"us_jb_{number}", fence=1) for number in range(100)]
    (message,) = encode(small)
    assert [frame["job"] for frame in json.loads(message)] == [frame.job for frame in small]
    large = [Complete(job="j", fence=1, result={"text": "é" * 100_000}) for _ in range(10)]
    messages = [*encode(large)]
    assert sum(len(json.loads(message)) for message in messages) == 10
    assert all(len(message.encode()) < 1024 * 1024 for message in messages)
    assert len(messages) == 5


def test_a_message_has_fewer_names_than_the_server_takes():
    wide = [Complete(job="j", fence=1, result={f"n{n}": n for n in range(3000)}) for _ in range(4)]
    assert [len(json.loads(message)) for message in encode(wide)] == [1, 1, 1, 1]
