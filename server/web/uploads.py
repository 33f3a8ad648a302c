"""Uploads: the bytes of a request, raw or as the one file of a form, with their name and type."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final

from aiohttp import BodyPartReader, MultipartReader, web

from listener_sdk.protocol.codes import Refusal

from .bodies import refuse_compressed
from .queries import Query

CHUNK: Final = 64 * 1024
LONGEST_NAME: Final = 255
LONGEST_FIELD: Final = 64 * 1024
MOST_FIELDS: Final = 20
ANY_TYPE: Final = "application/octet-stream"
_TYPE: Final = re.compile(r"[A-Za-z0-9!#$&^_.+-]+/[A-Za-z0-9!#$&^_.+-]+( *;[\x20-\x7e]*)?")
_PLAIN: Final = frozenset({"", "binary", "8bit", "7bit"})


@dataclass(frozen=True, slots=True)
class Upload:
    """A file on its way in; ``chunks`` can be read once, and raises Refusal for what is malformed."""

    name: str
    content_type: str
    chunks: AsyncIterator[bytes]


async def incoming(request: web.Request, query: Query) -> Upload:
    """The file of a request. Refusal for a missing or unfit name, a missing length, or a form without a file."""
    refuse_compressed(request)
    if (
        request.content_length is None
        and "chunked" not in request.headers.get("Transfer-Encoding", "").lower()
    ):
        raise Refusal("length_required", "Send Content-Length, or the body in chunks.", key="Content-Length")
    name = query.text("name", LONGEST_NAME)
    if request.content_type == "multipart/form-data":
        return await _of_form(request, name)
    return Upload(_fit(name), _type(request.headers.get("Content-Type")), request.content.iter_chunked(CHUNK))


async def _of_form(request: web.Request, name: str | None) -> Upload:
    try:
        form = await request.multipart()
        part = await _next_file(form)
    except ValueError as error:
        raise _malformed(error) from None
    if part is None:
        raise Refusal("bad_request", "The form holds no file.", key="body")
    given = (part.filename or "").replace("\\", "/").rsplit("/", 1)[-1]
    return Upload(_fit(name or given), _type(part.headers.get("Content-Type")), _chunks(form, part))


async def _next_file(form: MultipartReader) -> BodyPartReader | None:
    """The next field that is a file; others are read past, within bounds."""
    for _ in range(MOST_FIELDS):
        part = await form.next()
        if part is None:
            return None
        if not isinstance(part, BodyPartReader):
            raise Refusal("bad_request", "A form within the form is not taken.", key="body")
        if part.filename is not None:
            _refuse_encoded(part)
            return part
        await _skip(part)
    raise Refusal("bad_request", f"A form has at most {MOST_FIELDS} fields.", key="body")


async def _skip(part: BodyPartReader) -> None:
    size = 0
    while chunk := await part.read_chunk(CHUNK):
        size += len(chunk)
        if size > LONGEST_FIELD:
            raise Refusal(
                "too_large", f"A field beside the file takes at most {LONGEST_FIELD} bytes.", key="body"
            )


def _refuse_encoded(part: BodyPartReader) -> None:
    for header in ("Content-Encoding", "Content-Transfer-Encoding"):
        if part.headers.get(header, "").strip().lower() not in _PLAIN | {"identity"}:
            raise Refusal("unsupported_encoding", "The file in the form must not be encoded.", key=header)


async def _chunks(form: MultipartReader, part: BodyPartReader) -> AsyncIterator[bytes]:
    try:
        while chunk := await part.read_chunk(CHUNK):
            yield bytes(chunk)
        another = await _next_file(form)
    except ValueError as error:
        raise _malformed(error) from None
    if another is not None:
        raise Refusal("bad_request", "The form holds several files: send one a call.", key="body")


def _malformed(error: ValueError) -> Refusal:
    return Refusal("bad_request", f"The form is malformed: {str(error)[:200]}", key="body")


def _fit(name: str | None) -> str:
    name = (name or "").strip()
    if (
        not 1 <= len(name) <= LONGEST_NAME
        or name in {".", ".."}
        or not name.isprintable()
        or re.search(r"[/\\]", name)
    ):
        raise Refusal(
            "invalid", f"name takes 1 to {LONGEST_NAME} printable characters, without / and \\.", key="name"
        )
    return name


def _type(text: str | None) -> str:
    if text is None:
        return ANY_TYPE
    if len(text) > LONGEST_NAME or not _TYPE.fullmatch(text.strip()):
        raise Refusal("invalid", "Content-Type must be of the form type/subtype.", key="Content-Type")
    return text.strip()
