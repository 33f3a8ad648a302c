"""What an upload is called, and what type it has."""

import asyncio

import pytest
from aiohttp.test_utils import make_mocked_request

from listener_sdk.protocol.codes import Refusal
from server.web.queries import Query
from server.web.uploads import ANY_TYPE, AROUND_THE_FILE, incoming


def request(path="/v1/files?name=a.txt", **headers):
    sent = {"Content-Length": "5"} | {name.replace("_", "-"): value for name, value in headers.items()}
    return make_mocked_request("POST", path, headers={name: value for name, value in sent.items() if value})


async def read(made, limit=100):
    return await incoming(made, Query(made), limit)


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


async def test_a_length_over_the_limit_is_refused_before_a_byte_is_read():
    assert (await read(request(Content_Length="100"))).name == "a.txt"
    found = await refusal(request(Content_Length="101"))
    assert (found.code, found.key) == ("too_large", "body")
    assert "100 bytes" in found.message


async def test_a_form_may_be_longer_than_its_file():
    form = "multipart/form-data"
    most = 100 + AROUND_THE_FILE
    assert (await refusal(request(Content_Type=form, Content_Length=str(most)))).code == "bad_request"
    assert (await refusal(request(Content_Type=form, Content_Length=str(most + 1)))).code == "too_large"


FILE = b'--x\r\nContent-Disposition: form-data; name="f"; filename="a"\r\n\r\nhello\r\n--x--\r\n'
FIELD = b'--x\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n'


@pytest.mark.filterwarnings("ignore::aiohttp.multipart.BadContentDispositionHeader")
@pytest.mark.filterwarnings("ignore::aiohttp.multipart.BadContentDispositionParam")
@pytest.mark.parametrize(
    "start",
    [
        b"--x\r\ngarbage\r\n\r\ny\r\n",
        b"--x\r\nA: b\x00c\r\n\r\ny\r\n",
        b"--x\r\nA: " + b"y" * 70_000 + b"\r\n\r\ny\r\n",
        b"--x\r\n" + b"".join(b"A%d: b\r\n" % n for n in range(10_000)) + b"\r\ny\r\n",
        b"--x\r\n: b\r\n\r\ny\r\n",
        b"--x\r\nA: \xff\r\nA\xff: b\r\n\r\ny\r\n",
        b"--x\r\nContent-Type: multipart/mixed\r\n\r\ny\r\n",
        FIELD % (b"_charset_", b"utf-8"),
        FIELD % (b"_charset_", b"utf-99"),
        FIELD % (b"_charset_", b"\xff"),
        FIELD % (b"_charset_", b"y" * 40),
    ],
)
async def test_malformed_fields_are_the_clients_fault(server, start):
    answer = await server.call(
        "POST", "/v1/files", raw=start + FILE, headers={"Content-Type": "multipart/form-data; boundary=x"}
    )
    assert (answer.status, answer.error["code"]) == (400, "bad_request")
    assert "\n" not in answer.error["message"]


@pytest.mark.filterwarnings("ignore::aiohttp.multipart.BadContentDispositionHeader")
@pytest.mark.filterwarnings("ignore::aiohttp.multipart.BadContentDispositionParam")
@pytest.mark.parametrize(
    "disposition",
    [
        b"form-data; filename*=utf-99''%41",
        b"form-data; filename*=utf-8''%ff",
        b"\xff",
        b"a b; c",
        b"form-data;;x",
    ],
)
async def test_an_odd_disposition_is_that_of_no_file(server, disposition):
    start = b"--x\r\nContent-Disposition: " + disposition + b"\r\n\r\ny\r\n"
    answer = await server.call(
        "POST", "/v1/files", raw=start + FILE, headers={"Content-Type": "multipart/form-data; boundary=x"}
    )
    assert answer.data["name"] == "a"


async def test_a_boundary_has_its_length(server):
    for length in (70, 71):
        boundary = b"x" * length
        answer = await server.call(
            "POST",
            "/v1/files",
            raw=FILE.replace(b"--x", b"--" + boundary),
            headers={"Content-Type": f"multipart/form-data; boundary={boundary.decode()}"},
        )
        assert answer.status == (200 if length == 70 else 400)


class TestSlowForm:
    @pytest.fixture
    def settings(self):
        return {"body_timeout_s": 0.05}

    @pytest.mark.parametrize("sent", [b"", b"--x\r\nContent-", FIELD % (b"a", b"b"), FILE[:-20]])
    async def test_a_form_that_does_not_go_on_is_refused(self, server, sent):
        async def stuck():
            yield sent or b"\r\n"
            await asyncio.Event().wait()

        answer = await server.call(
            "POST", "/v1/files", raw=stuck(), headers={"Content-Type": "multipart/form-data; boundary=x"}
        )
        assert (answer.status, answer.error["code"]) == (400, "bad_request")
        assert "0.05 s" in answer.error["message"]
