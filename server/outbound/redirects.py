"""Where a redirect leads, and what of the request goes there."""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from yarl import URL

from listener_sdk.protocol.codes import Refusal

from .failures import Failure
from .targets import LONGEST_URL, checked_target

MOST_REDIRECTS: Final = 5
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_OF_THE_BODY: Final = frozenset({"content-type", "content-language", "content-encoding", "content-length"})
_HARMLESS: Final = _OF_THE_BODY | {
    "accept",
    "accept-encoding",
    "accept-language",
    "if-range",
    "range",
    "user-agent",
}
"""What another origin may see. Any other header may hold a key, whatever its name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request; ``url`` is a checked target, ``headers`` have each name once."""

    url: URL
    method: str = "GET"
    headers: Mapping[str, str]
    body: bytes | None = None


def without_userinfo(request: Request) -> Request:
    """The name and the password of the URL as the header that they become, unless that is given: redirects treat it as a key."""
    url = request.url
    if url.raw_user is None and url.raw_password is None:
        return request
    headers = dict(request.headers)
    if "authorization" not in {name.lower() for name in headers}:
        pair = f"{url.user or ''}:{url.password or ''}".encode()
        headers["Authorization"] = f"Basic {b64encode(pair).decode()}"
    return replace(request, url=url.with_user(None), headers=headers)


def redirected(request: Request, status: int, location: str | None) -> Request | None:
    """The request that follows this answer; None when the answer is the last.

    Failure ``bad_answer`` for a redirect that cannot be followed: to no web address, or from https to http.
    """
    if status not in _REDIRECTS or location is None:
        return None
    url = _followed(request.url, location)
    following = replace(request, url=url)
    if (status == 303 and request.method != "HEAD") or (status in {301, 302} and request.method == "POST"):
        following = _without_body(following)
    if url.origin() != request.url.origin():
        following = replace(following, headers=_kept(following.headers, _HARMLESS))
    return following


def _followed(url: URL, location: str) -> URL:
    if len(location) > LONGEST_URL:
        raise _no_redirect("its address is too long")
    try:
        target = checked_target(url.join(URL(location))).with_user(None)
    except Refusal as refusal:
        raise _no_redirect(refusal.message) from None
    except ValueError as error:
        raise _no_redirect(f"{error}"[:200]) from None
    if url.scheme == "https" and target.scheme == "http":
        raise _no_redirect("from https to http, where all could read it")
    return target


def _without_body(request: Request) -> Request:
    headers = {name: value for name, value in request.headers.items() if name.lower() not in _OF_THE_BODY}
    return replace(request, method="GET", body=None, headers=headers)


def _kept(headers: Mapping[str, str], names: frozenset[str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name.lower() in names}


def _no_redirect(why: str) -> Failure:
    return Failure("bad_answer", f"The server redirects to where no call goes: {why}.".replace("..", "."))
