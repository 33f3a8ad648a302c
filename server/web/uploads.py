"""Uploads: the bytes of a request, raw or as the one file of a form, with their name and type."""

import re
import warnings
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final

from aiohttp import BodyPartReader, MultipartReader, web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.multipart import BadContentDispositionHeader, BadContentDispositionParam

from listener_sdk.protocol.codes import Refusal

from .bodies import invite, refuse_compressed
from .queries import Query

CHUNK: Final = 64 * 1024
LONGEST_NAME: Final = 255
LONGEST_FIELD: Final = 64 * 1024
MOST_FIELDS: Final = 20
AROUND_THE_FILE: Final = 4 * 1024 * 1024
"""Bytes of a form beside its file, more than its other fields and their headers take."""
ANY_TYPE: Final = "application/octet-stream"
_TYPE: Final = re.compile(r"[A-Za-z0-9!#$&^_.+-]+/[A-Za-z0-9!#$&^_.+-]+( *;[\x20-\x7e]*)?")
_PLAIN: Final = frozenset({"", "binary", "8bit", "7bit"})


# A form's headers are the client's: they are refused or passed over, and are no news for the operator's terminal.
warnings.filterwarnings("ignore", category=BadContentDispositionHeader)
warnings.filterwarnings("ignore", category=BadContentDispositionParam)


class _Form(MultipartReader):
    async def fetch_next_part(self) -> BodyPartReader | MultipartReader:
        """As aiohttp's, without the field that it reads by itself, and after which it loses its place."""
        part = await super().fetch_next_part()
        if isinstance(part, BodyPartReader) and part.name == "_charset_":
            raise Refusal("bad_request", "The field _charset_ is not taken: names are in UTF-8.", key="body")
        return part


@dataclass(frozen=True, slots=True)
class Upload:
    """A file on its way in; ``chunks`` can be read once, and raises Refusal for what is malformed."""

    name: str
    content_type: str
    chunks: AsyncIterator[bytes]


async def incoming(request: web.Request, query: Query, limit: int) -> Upload:
    """The file of a request.

    Refusal for a missing or unfit name, a missing length or one that no file of ``limit`` bytes has, a malformed form, or
    one without a file.
    """
    refuse_compressed(request)
    is_form = request.content_type == "multipart/form-data"
    _check_length(request, limit + AROUND_THE_FILE if is_form else limit, limit)
    name = query.text("name", LONGEST_NAME)
    if is_form:
        return await _of_form(request, name)
    upload = Upload(
        _fit(name), _type(request.headers.get("Content-Type")), request.content.iter_chunked(CHUNK)
    )
    await invite(request)
    return upload


def _check_length(request: web.Request, most: int, limit: int) -> None:
    length = request.content_length
    if length is None and "chunked" not in request.headers.get("Transfer-Encoding", "").lower():
        raise Refusal("length_required", "Send Content-Length, or the body in chunks.", key="Content-Length")
    if length is not None and length > most:
        raise Refusal("too_large", f"A file takes at most {limit} bytes.", key="body")


async def _of_form(request: web.Request, name: str | None) -> Upload:
    await invite(request)
    try:
        form = _Form(request.headers, request.content)
    except ValueError as error:
        raise _malformed(error) from None
    part = await _next_file(form)
    if part is None:
        raise Refusal("bad_request", "The form holds no file.", key="body")
    given = (part.filename or "").replace("\\", "/").rsplit("/", 1)[-1]
    return Upload(_fit(name or given), _type(part.headers.get("Content-Type")), _chunks(form, part))


async def _next_file(form: MultipartReader) -> BodyPartReader | None:
    """The next field that is a file; others are read past, within bounds."""
    for _ in range(MOST_FIELDS):
        part = await _next_field(form)
        if part is None:
            return None
        if not isinstance(part, BodyPartReader):
            raise Refusal("bad_request", "A form within the form is not taken.", key="body")
        if part.filename is not None:
            _refuse_encoded(part)
            return part
        await _skip(part)
    raise Refusal("bad_request", f"A form has at most {MOST_FIELDS} fields.", key="body")


async def _next_field(form: MultipartReader) -> BodyPartReader | MultipartReader | None:
    try:
        return await form.next()
    except (HttpProcessingError, ValueError, LookupError) as error:
        raise _malformed(error) from None


async def _skip(part: BodyPartReader) -> None:
    size = 0
    while chunk := await _piece(part):
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
    while chunk := await _piece(part):
        yield bytes(chunk)
    if await _next_file(form) is not None:
        raise Refusal("bad_request", "The form holds several files: send one a call.", key="body")


async def _piece(part: BodyPartReader) -> bytes:
    try:
        return await part.read_chunk(CHUNK)
    except ValueError as error:
        raise _malformed(error) from None


def _malformed(error: Exception) -> Refusal:
    what = error.message if isinstance(error, HttpProcessingError) else str(error)
    first = what.splitlines()[0] if what else "a field of it cannot be read"
    return Refusal("bad_request", f"The form is malformed: {first[:200].rstrip(':')}.", key="body")


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
