"""The secrets of one run: what the handler reads, and what is kept out of all that the run says."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final
from urllib.parse import quote, quote_plus

SHOWN: Final = "***"
SHORTEST: Final = 4
"""Characters of the shortest value that is redacted: shorter ones stand in too many innocent words."""
SHORTEST_LINE: Final = 8
"""The same of a line of a value that has several: a private key is often written line by line."""
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


class Redaction:
    """Puts ``***`` in the place of values, as they are and as they stand in Python, JSON and addresses."""

    __slots__ = ("_needles",)

    def __init__(self, values: Iterable[str]) -> None:
        forms = {form for value in values for form in _forms(value)}
        # A value that holds another one goes first: else what is left of it would be shown.
        self._needles = sorted(forms, key=lambda form: (-len(form), form))

    def text(self, text: str) -> str:
        """The text without the values."""
        for needle in self._needles:
            if needle in text:
                text = text.replace(needle, SHOWN)
        return text

    def json(self, value: Any, keep: frozenset[str] = frozenset()) -> Any:
        """JSON without the values, those under the names to ``keep`` as they are."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {
                self.text(name): inner if name in keep and isinstance(inner, str) else self.json(inner, keep)
                for name, inner in value.items()
            }
        if isinstance(value, list | tuple):
            return [self.json(inner, keep) for inner in value]
        return value


def _forms(value: str) -> Iterator[str]:
    lines = value.splitlines()
    parts = {value, value.strip()} | ({line.strip() for line in lines} if len(lines) > 1 else set())
    for part in parts:
        if len(part) < (SHORTEST if part in {value, value.strip()} else SHORTEST_LINE):
            continue
        yield part
        yield repr(part)[1:-1]
        yield json.dumps(part)[1:-1]
        yield json.dumps(part, ensure_ascii=False)[1:-1]
        yield from (quote(part), quote(part, safe=""), quote_plus(part))
