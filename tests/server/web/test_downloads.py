"""Downloads: whole or in part, and only under the conditions that the call sets."""

import pytest
from aiohttp.test_utils import make_mocked_request

from listener_sdk.protocol.codes import Refusal
from server.web.downloads import CHUNK, Stored, _bytes, download

TAG = '"1-a"'
MADE_AT = 784_111_777
DATE = "Sun, 06 Nov 1994 08:49:37 GMT"
LATER = "Sun, 06 Nov 1994 08:49:38 GMT"
EARLIER = "Sun, 06 Nov 1994 08:49:36 GMT"


@pytest.fixture
def stored(tmp_path):
    path = tmp_path / "blob"
    path.write_bytes(b"0123456789")
    return Stored(path, 10, TAG.strip('"'), MADE_AT)


async def answer(stored, method="GET", **headers):
    """Status, headers and bytes of the answer."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    request = make_mocked_request(method, "/", headers=sent)
    response = download(request, stored, {"Content-Type": "text/csv"})
    body = b"" if response.body is None else b"".join([piece async for piece in response.body._value])
    return response.status, response.headers, body


def refusal(stored, **headers):
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    with pytest.raises(Refusal) as caught:
        download(make_mocked_request("GET", "/", headers=sent), stored, {})
    return caught.value


async def test_the_whole_file_with_what_tells_it_from_others(stored):
    status, headers, body = await answer(stored)
    assert (status, body) == (200, b"0123456789")
    assert dict(headers) == {
        "Content-Type": "text/csv", "Content-Length": "10", "Accept-Ranges": "bytes", "ETag": TAG, "Last-Modified": DATE,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("wanted", "part"),
    [("bytes=0-0", "0-0"), ("bytes=2-4", "2-4"), ("bytes=7-", "7-9"), ("bytes=-3", "7-9"), ("bytes=8-99", "8-9"),
     ("bytes=-99", "0-9"), ("BYTES = 1-2 ", "1-2"), ("bytes=0-", "0-9")],
)  # fmt: skip
async def test_one_range(stored, wanted, part):
    status, headers, body = await answer(stored, Range=wanted)
    first, last = map(int, part.split("-"))
    assert (status, headers["Content-Range"]) == (206, f"bytes {part}/10")
    assert body == b"0123456789"[first : last + 1]
    assert headers["Content-Length"] == str(len(body))


@pytest.mark.parametrize("wanted", ["bytes=10-", "bytes=99-100", "bytes=-0", "bytes=5-4", "bytes=-", "bytes=x", "bytes=1",
                                    "bytes=", "bytes=" + "9" * 19 + "-", "bytes=٣-"])  # fmt: skip
def test_bytes_that_are_not_there_are_refused_with_what_is(stored, wanted):
    found = refusal(stored, Range=wanted)
    assert (found.code, found.error.status, found.key, found.details) == (
        "bad_range",
        416,
        "Range",
        {"size": 10},
    )
    assert "10 bytes" in found.message


@pytest.mark.parametrize("wanted", ["items=0-1", "pages=1", "x", "", "bytes=0-1,3-4", "bytes=0-1,x"])
async def test_other_units_and_several_ranges_are_passed_over(stored, wanted):
    status, headers, body = await answer(stored, Range=wanted)
    assert (status, body) == (200, b"0123456789")
    assert "Content-Range" not in headers


async def test_a_range_is_of_a_get_alone(stored):
    assert (await answer(stored, "HEAD", Range="bytes=0-1"))[0] == 200


@pytest.mark.parametrize(
    ("known", "status"),
    [(TAG, 206), (DATE, 206), ('"2-b"', 200), (f"W/{TAG}", 200), (LATER, 200), ("x", 200)],
)
async def test_a_range_of_another_file_is_the_whole_of_this(stored, known, status):
    assert (await answer(stored, Range="bytes=0-1", If_Range=known))[0] == status


@pytest.mark.parametrize(
    "headers",
    [{"If_Match": TAG}, {"If_Match": f'"x", {TAG}'}, {"If_Match": "*"}, {"If_Unmodified_Since": DATE},
     {"If_Unmodified_Since": "nonsense"}, {"If_Match": TAG, "If_Unmodified_Since": EARLIER}],
)  # fmt: skip
async def test_a_condition_that_holds(stored, headers):
    assert (await answer(stored, **headers))[0] == 200


@pytest.mark.parametrize(
    ("headers", "key"),
    [({"If_Match": '"x"'}, "If-Match"), ({"If_Match": "x"}, "If-Match"), ({"If_Match": f"W/{TAG}"}, "If-Match"),
     ({"If_Unmodified_Since": EARLIER}, "If-Unmodified-Since"),
     ({"If_Match": '"x"', "If_Unmodified_Since": LATER}, "If-Match")],
)  # fmt: skip
def test_a_condition_that_does_not_hold_is_named(stored, headers, key):
    found = refusal(stored, **headers)
    assert (found.code, found.error.status, found.key) == ("precondition_failed", 412, key)


@pytest.mark.parametrize(
    ("headers", "status"),
    [({"If_None_Match": TAG}, 304), ({"If_None_Match": f"W/{TAG}"}, 304), ({"If_None_Match": "*"}, 304),
     ({"If_None_Match": '"x"'}, 200), ({"If_Modified_Since": DATE}, 304), ({"If_Modified_Since": EARLIER}, 200),
     ({"If_None_Match": '"x"', "If_Modified_Since": LATER}, 200)],
)  # fmt: skip
async def test_what_the_client_has_is_not_sent_again(stored, headers, status):
    found, told, body = await answer(stored, **headers)
    assert (found, told["ETag"]) == (status, TAG)
    assert body == (b"" if status == 304 else b"0123456789")


async def test_a_file_of_many_pieces_comes_whole(tmp_path):
    content = bytes(range(256)) * (CHUNK // 100)
    path = tmp_path / "blob"
    path.write_bytes(content)
    stored = Stored(path, len(content), "t", MADE_AT)
    assert (await answer(stored))[2] == content
    assert (await answer(stored, Range="bytes=1000-"))[2] == content[1000:]


async def test_an_empty_file_has_no_part(tmp_path):
    path = tmp_path / "blob"
    path.touch()
    stored = Stored(path, 0, "t", MADE_AT)
    assert (await answer(stored))[::2] == (200, b"")
    assert refusal(stored, Range="bytes=0-").code == "bad_range"


async def test_bytes_that_go_meanwhile_end_the_connection(stored):
    stored.path.write_bytes(b"01234")
    with pytest.raises(ConnectionAbortedError):
        [piece async for piece in _bytes(stored.path, range(10))]
    stored.path.unlink()
    with pytest.raises(ConnectionAbortedError):
        [piece async for piece in _bytes(stored.path, range(10))]
