"""Flatfile's own client, quicker: it works out the annotations of all its models anew for each answer that it reads."""

import functools
import types

import typing_extensions
from flatfile.core import serialization


def kept() -> None:
    """Let it work them out once. What it makes of an answer stays the same."""
    hints = functools.cache(typing_extensions.get_type_hints)
    names = {**vars(typing_extensions), "get_type_hints": hints}
    serialization.typing_extensions = types.SimpleNamespace(**names)
