"""The server's command lines, in isolated mode: a user's ``server.py`` never stands in its way.

It imports next to nothing: whoever starts a server waits for what this imports, too.
"""

import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Final

PACKAGE_ROOT: Final = Path(__file__).resolve().parents[2]
"""The folder that holds ``listener_sdk`` and ``server``: a clone, or site-packages."""


def _code(module: str) -> str:
    """What runs a module of the server."""
    return (
        f"import sys; sys.path.insert(0, {str(PACKAGE_ROOT)!r}); "
        f"import runpy; runpy.run_module({module!r}, run_name='__main__', alter_sys=True)"
    )


CODE: Final = _code("server")
FLAGS: Final = ["-I"]


def need_server() -> None:
    """Failure that names the extra unless the server's libraries are installed."""
    if find_spec("croniter") is None or find_spec("cryptography") is None:
        from .failures import Failure  # noqa: PLC0415 - its words need what the server does not

        raise Failure("the server is not installed. Install it: pip install 'tickwire[server]'")


def server_command(*flags: str) -> list[str]:
    """The command line that starts the server."""
    return [sys.executable, *FLAGS, "-c", CODE, *flags]


def describing_command(what: str) -> list[str]:
    """The command line that prints a description of the server: ``openapi`` or ``asyncapi``."""
    return [sys.executable, *FLAGS, "-c", _code("server.web.descriptions"), what]
