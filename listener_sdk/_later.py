"""Modules that are imported when something of them is first asked for: a program waits for what it uses.

For a type checker the module is imported as ever, so it knows all names::

    if TYPE_CHECKING:
        from . import _stream
    else:
        _stream = later("._stream", __package__)

The server has the same of its own (``server/core/later.py``): all that both share is the protocol, which imports nothing.
"""

from importlib import import_module
from importlib.util import resolve_name
from types import ModuleType
from typing import Any


class Later:
    """Stands for a module. What is asked of it is asked of the module itself each time."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._module: ModuleType | None = None

    def __getattr__(self, name: str) -> Any:
        if self._module is None:
            self._module = import_module(self._name)
        return getattr(self._module, name)


def later(name: str, package: str | None) -> Later:
    """The module of this name, which may be relative to the package that asks."""
    return Later(resolve_name(name, package))
