"""The secrets of one run, as its handler reads them."""

from collections.abc import Iterator, Mapping
from typing import Final

from .protocol.redaction import SHOWN

WORDS: Final = frozenset({"type", "trigger", "result", "fileId"})
"""Names in an outcome whose values are words of the protocol."""


class Secrets(Mapping[str, str]):
    """The values of the secrets that the handler declared: ``job.secrets["crm_token"]``. They are in no ``repr``."""

    __slots__ = ("_values",)

    def __init__(self, values: Mapping[str, str] | None = None) -> None:
        self._values = dict(values or {})

    def __getitem__(self, name: str) -> str:
        try:
            return self._values[name]
        except KeyError:
            raise KeyError(f"{name} was not declared: write @listener.job(..., secrets=[{name!r}])") from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"Secrets({', '.join(f'{name}={SHOWN}' for name in self._values)})"
