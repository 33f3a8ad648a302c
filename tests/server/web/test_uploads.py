"""What an upload is called, and what type it has."""

import pytest
from aiohttp.test_utils import make_mocked_request

from listener_sdk.protocol.codes import Refusal
from server.web.queries import Query
from server.web.uploads import ANY_TYPE, incoming


def request(path="/v1/files?name=a.txt", **headers):
    sent = {"Content-Length": "5"} | {name.replace("_", "-"): value for name, value in headers.items()}
    return make_mocked_request("POST", path, headers={name: value for name, value in sent.items() if value})


async def read(made):
    return await incoming(made, Query(made))


async def refusal(made):
    with pytest.raises(Refusal) as caught:
        await read(made)
    return caught.value


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (None, ANY_TYPE),
        ("text/csv", "text/csv"),
        ("text/plain; charset=utf-8", "text/plain; charset=utf-8"),
        ("image/svg+xml", "image/svg+xml"),
    ],
)
async def test_the_type_is_kept(given, kept):
    assert (await read(request(Content_Type=given))).content_type == kept


@pytest.mark.parametrize("given", ["x", "text/", "/csv", "a/b\x07", "a/b; é", "a/" + "b" * 300])
async def test_an_odd_type_is_refused(given):
    assert (await refusal(request(Content_Type=given))).key == "Content-Type"


async def test_a_length_or_chunks_are_needed():
    found = await refusal(request(Content_Length=None))
    assert (found.code, found.error.status) == ("length_required", 411)
    assert (await read(request(Content_Length=None, Transfer_Encoding="chunked"))).name == "a.txt"


async def test_a_name_is_needed():
    assert (await refusal(request("/v1/files"))).key == "name"


async def test_an_encoded_body_is_refused():
    assert (await refusal(request(Content_Encoding="gzip"))).code == "unsupported_encoding"


@pytest.mark.parametrize("header", ["Content-Transfer-Encoding: base64", "Content-Encoding: gzip"])
async def test_an_encoded_file_in_a_form_is_refused(server, header):
    raw = f'--x\r\nContent-Disposition: form-data; name="f"; filename="a"\r\n{header}\r\n\r\nYQ==\r\n--x--\r\n'.encode()
    answer = await server.call(
        "POST", "/v1/files", raw=raw, headers={"Content-Type": "multipart/form-data; boundary=x"}
    )
    assert (answer.status, answer.error["code"]) == (415, "unsupported_encoding")


@pytest.mark.parametrize(("fields", "code"), [([b"x" * 70_000], "too_large"), ([b"x"] * 25, "bad_request")])
async def test_what_stands_beside_the_file_is_bounded(server, fields, code):
    parts = [b'--x\r\nContent-Disposition: form-data; name="c"\r\n\r\n' + field + b"\r\n" for field in fields]
    parts.append(b'--x\r\nContent-Disposition: form-data; name="f"; filename="a"\r\n\r\nhello\r\n--x--\r\n')
    answer = await server.call(
        "POST", "/v1/files", raw=b"".join(parts), headers={"Content-Type": "multipart/form-data; boundary=x"}
    )
    assert answer.error["code"] == code


async def test_a_form_within_the_form_is_refused(server):
    inner = b"--y\r\nContent-Disposition: form-data; name=g; filename=b\r\n\r\nx\r\n--y--\r\n"
    raw = b"--x\r\nContent-Type: multipart/mixed; boundary=y\r\n\r\n" + inner + b"\r\n--x--\r\n"
    answer = await server.call(
        "POST", "/v1/files", raw=raw, headers={"Content-Type": "multipart/form-data; boundary=x"}
    )
    assert answer.status == 400
