"""Headers: which a job may send."""

import pytest
from pydantic import TypeAdapter, ValidationError

from server.outbound.headers import LONGEST_VALUE, MOST_HEADERS, Headers

read = TypeAdapter(Headers).validate_python


@pytest.mark.parametrize(
    "headers", [{}, {"Authorization": "Bearer x", "X-Key": ""}, {"x": "é\t"}, {"A": "a" * LONGEST_VALUE}]
)
def test_headers_pass_as_they_are(headers):
    assert read(headers) == headers


@pytest.mark.parametrize(
    ("headers", "says"),
    [
        ({"Host": "internal"}, "Host, which belongs to the connection"),
        ({"host": "internal"}, "belongs to the connection"),
        ({"Content-Length": "0"}, "belongs to the connection"),
        ({"Transfer-Encoding": "chunked"}, "belongs to the connection"),
        ({"CONNECTION": "close"}, "belongs to the connection"),
        ({"Expect": "100-continue"}, "belongs to the connection"),
        ({"Upgrade": "websocket"}, "belongs to the connection"),
        ({"Proxy-Authorization": "x"}, "belongs to the connection"),
        ({"X": "a\r\nHost: b"}, "control character"),
        ({"X": "a\0"}, "control character"),
        ({"X": "a" * (LONGEST_VALUE + 1)}, "at most"),
        ({"X Y": "a"}, "a name that no header has"),
        ({"": "a"}, "a name that no header has"),
        ({"X:": "a"}, "a name that no header has"),
        ({"X\n": "a"}, "a name that no header has"),
        ({"x-key": "a", "X-Key": "b"}, "once"),
        ({f"x{n}": "" for n in range(MOST_HEADERS + 1)}, "at most 64"),
        ({"X": 1}, "string"),
    ],
)
def test_headers_that_may_not_be_sent_are_named(headers, says):
    with pytest.raises(ValidationError, match=says):
        read(headers)
