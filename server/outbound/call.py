"""One call of a web service: what the job type ``callWebserviceEndpoint`` does."""

import asyncio
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any, Final, Literal

import aiohttp
import orjson
from pydantic import ConfigDict, Field, StrictBool, StrictFloat, StrictInt, StrictStr
from yarl import URL

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.model import WireModel

from .bodies import Form, Unpacker, readable
from .failures import Failure
from .headers import Headers
from .pauses import AGAIN, pause_s
from .redirects import Request
from .requests import Outbound
from .targets import LONGEST_URL, read_target

KIB: Final = 1024
LARGEST_REQUEST: Final = 256 * KIB
MOST_PARAMS: Final = 256
RESULT_HEADER_BYTES: Final = 16 * KIB
_CHUNK: Final = 64 * KIB
_UNREADABLE: Final = "application/x"
"""What a body is whose coding is not known, whatever its type."""
_UNTOLD: Final = frozenset({"set-cookie", "set-cookie2"})
"""Headers that hold a secret of the other server's, which a job's result must not keep."""


Scalar = StrictStr | StrictBool | StrictInt | Annotated[StrictFloat, Field(allow_inf_nan=False)]
Params = Annotated[dict[str, Scalar | list[Scalar] | None], Field(max_length=MOST_PARAMS)]
Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"]


class CallRequest(WireModel):
    """What to call. ``body``: text goes as it is, anything else as JSON, None as no body.

    ``search_params`` join the query of ``url``: one of the same name takes its place, a list repeats it, null leaves it out.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: str = Field(min_length=1, max_length=LONGEST_URL, description="The address to call, http or https.")
    method: Method = "GET"
    headers: Headers = Field(default_factory=dict, description="Headers to send, each once.")
    body: Any = Field(None, description="Text is sent as it is, anything else as JSON.")
    search_params: Params = Field(
        default_factory=dict,
        description="Joins the query of the address; a list repeats its name, null leaves it out.",
    )
    timeout_s: float = Field(
        30, gt=0, le=3_600, allow_inf_nan=False, description="Seconds for the whole call."
    )
    max_response_bytes: int = Field(
        256 * KIB, ge=0, le=1024 * KIB, description="Bytes of the answer that are read; more is cut off."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class CallResult:
    """The answer. ``url`` is where it came from in the end, without its query; ``body`` is in the form ``body_form``, and a part when ``truncated``.

    ``retry`` says that the status asks for another try, ``retry_after_s`` when.
    """

    url: str
    status: int
    headers: dict[str, str]
    body: Any
    body_form: Form
    truncated: bool
    elapsed_ms: int
    retry: bool
    retry_after_s: float | None

    def as_wire(self) -> dict[str, Any]:
        """The result as a job keeps it."""
        return {
            "url": self.url,
            "status": self.status,
            "headers": self.headers,
            "body": self.body,
            "bodyForm": self.body_form,
            "truncated": self.truncated,
            "elapsedMs": self.elapsed_ms,
        }


async def call(
    request: CallRequest,
    outbound: Outbound,
    now_s: Callable[[], float],
    *,
    follow: bool = True,
    largest: int = LARGEST_REQUEST,
    hide: Callable[[str], str] = str,
) -> CallResult:
    """Make the call; whatever its status, an answer is a result.

    - ``now_s``: seconds since 1970, for a Retry-After that names a moment
    - ``follow``: go where redirects lead; else one is the answer
    - ``largest``: bytes that the body may have
    - ``hide``: keeps secrets out of what errors quote

    Refusal ``blocked_address``, ``invalid`` or ``too_large`` before anything is sent there. Failure when no answer came: with
    ``retry`` where another try may help.
    """
    loop = asyncio.get_running_loop()
    began = loop.time()
    async with outbound.send(
        _request_of(request, largest), total_s=request.timeout_s, follow=follow, hide=hide
    ) as response:
        unpacker = Unpacker(response.headers.get("Content-Encoding"), request.max_response_bytes)
        await _read(response, unpacker)
        result = _result_of(response, unpacker)
    again = response.status in AGAIN
    found = response.headers
    return replace(
        result,
        elapsed_ms=round((loop.time() - began) * 1000),
        retry_after_s=pause_s(found.get("Retry-After"), found.get("Date"), now_s()) if again else None,
    )


def _request_of(call: CallRequest, largest: int) -> Request:
    headers = dict(call.headers)
    given = {name.lower() for name in headers}
    body = _body_of(call.body, largest)
    if body is not None and "content-type" not in given:
        kind = "text/plain; charset=utf-8" if isinstance(call.body, str) else "application/json"
        headers["Content-Type"] = kind
    return Request(url=_url_of(call), method=call.method, headers=headers, body=body)


def _body_of(body: Any, largest: int) -> bytes | None:
    if body is None:
        return None
    try:
        raw = body.encode() if isinstance(body, str) else orjson.dumps(body)
    except (orjson.JSONEncodeError, UnicodeEncodeError) as error:
        raise Refusal("invalid", f"body cannot be sent: {error}.", key="body") from None
    if len(raw) > largest:
        raise Refusal("too_large", f"body takes at most {largest // KIB} KiB.", key="body")
    return raw


def _url_of(call: CallRequest) -> URL:
    url = read_target(call.url)
    if not call.search_params:
        return url
    lists = {
        name: value if isinstance(value, list) else [value]
        for name, value in call.search_params.items()
        if value is not None
    }
    kept = [(name, value) for name, value in url.query.items() if name not in call.search_params]
    added = [(name, _text(value)) for name, values in lists.items() for value in values]
    merged = url.with_query([*kept, *added])
    if len(str(merged)) > LONGEST_URL:
        raise Refusal(
            "too_large",
            f"url and searchParams together take at most {LONGEST_URL} characters.",
            key="searchParams",
        )
    return merged


def _text(value: Any) -> str:
    try:
        return value if isinstance(value, str) else orjson.dumps(value).decode()
    except orjson.JSONEncodeError as error:
        raise Refusal("invalid", f"searchParams cannot be sent: {error}.", key="searchParams") from None


async def _read(response: aiohttp.ClientResponse, unpacker: Unpacker) -> None:
    try:
        async for chunk in response.content.iter_chunked(_CHUNK):
            unpacker.take(chunk)
            if unpacker.cut:
                return
    except zlib.error:
        raise Failure("bad_answer", "The answer is not compressed as it says.") from None


def _result_of(response: aiohttp.ClientResponse, unpacker: Unpacker) -> CallResult:
    kind, charset = _type_of(response) if unpacker.known else (_UNREADABLE, None)
    body = readable(unpacker.kept, kind, charset, whole=not unpacker.cut)
    return CallResult(
        # A query may hold a key, which a job's result must not keep.
        url=str(response.url.with_query(None)),
        status=response.status,
        headers=_headers_of(response.headers),
        body=body.value,
        body_form=body.form,
        truncated=unpacker.cut,
        elapsed_ms=0,
        retry=response.status in AGAIN,
        retry_after_s=None,
    )


def _type_of(response: aiohttp.ClientResponse) -> tuple[str, str | None]:
    """What the answer says, where aiohttp has a type for one that says nothing."""
    return (response.content_type, response.charset) if "Content-Type" in response.headers else ("", None)


def _headers_of(headers: Mapping[str, str]) -> dict[str, str]:
    """Each name once, in lower case, its values joined as HTTP joins them; as many as fit."""
    found: dict[str, str] = {}
    left = RESULT_HEADER_BYTES
    for given, value in headers.items():
        name = given.lower()
        left -= len(name) + len(value)
        if left < 0:
            break
        if name not in _UNTOLD:
            text = value.replace("\0", "").encode("utf-8", "replace").decode()
            found[name] = f"{found[name]}, {text}" if name in found else text
    return found
