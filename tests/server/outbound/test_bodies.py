"""Bodies: JSON, text or base64, and never more than the limit."""

import gzip
import json
import zlib
from base64 import b64encode

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.outbound.bodies import Body, Unpacker, readable


@pytest.mark.parametrize(
    ("raw", "kind", "charset", "expected"),
    [
        (b"", "application/json", None, Body("empty", None)),
        (b'{"a": [1]}', "application/json", None, Body("json", {"a": [1]})),
        (b'{"a": [1]}', "application/problem+json", None, Body("json", {"a": [1]})),
        (b"[1]", "", None, Body("json", [1])),
        (b"[1]", "text/plain", None, Body("text", "[1]")),
        (b"{", "application/json", None, Body("text", "{")),
        (b"NaN", "application/json", None, Body("text", "NaN")),
        (b'{"a":1,"a":2}', "application/json", None, Body("text", '{"a":1,"a":2}')),
        (b'"\\u0000"', "application/json", None, Body("text", '"\\u0000"')),
        (b"a\0b", "text/plain", None, Body("text", "a\ufffdb")),
        ("é€".encode(), "text/html", None, Body("text", "é€")),
        (b"\xe9", "text/html", "iso-8859-1", Body("text", "é")),
        (b"\xe9", "text/html", "utf-8", Body("text", "\ufffd")),
        (b"\x00\xd8", "text/html", "utf-16-le", Body("text", "\ufffd")),
        ("日".encode("shift_jis"), "text/html", "Shift_JIS", Body("text", "日")),
        (b"abc", "text/html", "punycode", Body("text", "abc")),
        (b"abc", "text/html", "base64", Body("text", "abc")),
        (b"abc", "text/html", "no-such", Body("text", "abc")),
        (b"abc", "text/html", "a\0b", Body("text", "abc")),
        (b"<a/>", "application/xml", None, Body("text", "<a/>")),
        (b"\xff\xd8\xff", "image/jpeg", None, Body("base64", "/9j/")),
        (b"plain", "image/jpeg", None, Body("base64", b64encode(b"plain").decode())),
        (b"plain", "application/octet-stream", None, Body("text", "plain")),
        (b"a\0", "application/octet-stream", None, Body("base64", "YQA=")),
        (b"\xff", "", None, Body("base64", "/w==")),
        (b"caf\xc3", "", None, Body("text", "caf\ufffd")),
    ],
)
def test_bytes_become_what_their_type_says(raw, kind, charset, expected):
    assert readable(raw, kind, charset, whole=True) == expected


def test_a_part_is_no_json():
    assert readable(b"12", "application/json", None, whole=False) == Body("text", "12")


@given(
    st.binary(max_size=200),
    st.sampled_from(["", "text/x", "application/json", "image/png"]),
    st.text(max_size=12),
)
def test_whatever_comes_can_be_kept_as_json(raw, kind, charset):
    found = readable(raw, kind, charset, whole=True)
    text = orjson.dumps(found.value).decode()
    assert json.loads(text) == found.value
    assert "\0" not in str(found.value)


@given(st.lists(st.binary(max_size=50)), st.integers(0, 100))
def test_the_first_bytes_are_kept(chunks, limit):
    unpacker = Unpacker(None, limit)
    for chunk in chunks:
        unpacker.take(chunk)
    whole = b"".join(chunks)
    assert unpacker.kept == whole[:limit]
    assert unpacker.cut is (len(whole) > limit)


@pytest.mark.parametrize(
    ("encoding", "pack"),
    [
        ("gzip", gzip.compress),
        ("GZIP ", gzip.compress),
        ("x-gzip", gzip.compress),
        ("deflate", zlib.compress),
    ],
)
@given(raw=st.binary(max_size=300), size=st.integers(1, 20))
def test_compressed_bytes_are_unpacked_in_whatever_pieces_they_come(encoding, pack, raw, size):
    unpacker = Unpacker(encoding, 1000)
    packed = pack(raw)
    for start in range(0, len(packed), size):
        unpacker.take(packed[start : start + size])
    assert (unpacker.kept, unpacker.cut, unpacker.known) == (raw, False, True)


def test_a_bomb_is_cut_before_it_goes_off():
    packed = gzip.compress(bytes(50_000_000))
    unpacker = Unpacker("gzip", 1000)
    unpacker.take(packed)
    assert (len(unpacker.kept), unpacker.cut) == (1000, True)


def test_an_unknown_coding_stays_as_it_is():
    unpacker = Unpacker("br", 1000)
    unpacker.take(b"\x0b\x02")
    assert (unpacker.kept, unpacker.known) == (b"\x0b\x02", False)


def test_what_is_not_compressed_as_it_says_is_an_error():
    with pytest.raises(zlib.error):
        Unpacker("gzip", 1000).take(b"plain text")
