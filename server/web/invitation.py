"""How whoever starts a server in a terminal gets into its console: by an address that logs in the administrator's key, once."""

import asyncio
from pathlib import Path
from typing import Final

from ..commands.first_start import KEY_FILE
from ..commands.logins import MAKE_PASS, MakePass
from ..core.logins import PassRow
from ..engine.node import Node
from ..security.keys import digest, new_secret
from ..security.passes import LINK, pass_text
from .auth import authenticate
from .logins import key_owner, login_address

OWN_ADDRESS: Final = "127.0.0.1"


async def invitation(node: Node, url: str) -> str | None:
    """The address, for 15 minutes; None where the administrator's key is not at hand. Refusal where it is valid no more."""
    key = node.settings.admin_key or await asyncio.to_thread(_kept_key, node.settings.data_dir / KEY_FILE)
    if key is None:
        return None
    actor = await authenticate(node, key, OWN_ADDRESS)
    secret = new_secret()
    made = await node.submit(MAKE_PASS, MakePass(actor, key_owner(actor), LINK, digest(secret)))
    assert isinstance(made, PassRow)
    return login_address(node.settings.public_url or url, pass_text(LINK, made.id, secret))


def _kept_key(path: Path) -> str | None:
    try:
        return path.read_text("utf-8").strip()
    except OSError:
        return None
