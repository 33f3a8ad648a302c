"""Absolute addresses of this server, as the caller of a request reaches it."""

import re

from aiohttp import web

from ..core.views import FileLink
from ..engine.node import Node
from ..security.links import Links


def base_url(node: Node, request: web.Request) -> str:
    """The public address by setting, else the one that the request was sent to."""
    if node.settings.public_url is not None:
        return node.settings.public_url
    host = request.headers.get("Host", "")
    if not re.fullmatch(r"[A-Za-z0-9._-]+(:\d{1,5})?|\[[0-9A-Fa-f:.]+\](:\d{1,5})?", host):
        host = _reached(request) or f"{node.settings.host}:{node.settings.port}"
    return f"{request.scheme}://{host}"


def _reached(request: web.Request) -> str | None:
    """The address of this machine at which the call arrived; None when that is over or has none."""
    own = request.get_extra_info("sockname")
    if not isinstance(own, tuple):
        return None
    return f"[{own[0]}]:{own[1]}" if ":" in own[0] else f"{own[0]}:{own[1]}"


def links(node: Node, request: web.Request) -> Links:
    """The maker and checker of signed links for this request."""
    return Links(node.meta.link_secret, base_url(node, request), node.settings.link_lifetime_s)


def link_maker(node: Node, request: web.Request, space_id: int) -> FileLink:
    """A function from file ids to links that are fresh at each call, for readers of this space."""
    signer = links(node, request)

    def link(file_id: str) -> tuple[str, int]:
        return signer.of(space_id, node.clock())(file_id)

    return link
