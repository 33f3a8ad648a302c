"""What is kept out of texts: values that must not be seen, as they are and as they stand in Python, JSON and addresses."""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, Final
from urllib.parse import quote, quote_plus

SHOWN: Final = "***"
SHORTEST: Final = 4
"""Characters of the shortest value that is redacted: shorter ones stand in too many innocent words."""
SHORTEST_LINE: Final = 8
"""The same of a line of a value that has several: a private key is often written line by line."""

_PERCENT: Final = re.compile("%[0-9A-F]{2}")


class Redaction:
    """Puts ``***`` in the place of values, as they are and as they stand in Python, JSON and addresses."""

    __slots__ = ("_needles",)

    def __init__(self, values: Iterable[str]) -> None:
        forms = {form for value in values for form in _forms(value)}
        # A value that holds another one goes first: else what is left of it would be shown.
        self._needles = sorted(forms, key=lambda form: (-len(form), form))

    def __bool__(self) -> bool:
        """Whether there is anything to be kept out."""
        return bool(self._needles)

    def text(self, text: str) -> str:
        """The text without the values."""
        for needle in self._needles:
            if needle in text:
                text = text.replace(needle, SHOWN)
        return text

    def cut(self, text: str) -> str:
        """A text that was cut off, without the values, and without the beginning of one at its end."""
        text = self.text(text)
        for needle in self._needles:
            for length in range(min(len(needle) - 1, len(text)), SHORTEST - 1, -1):
                if text.endswith(needle[:length]):
                    return text[:-length] + SHOWN
        return text

    def raw(self, data: bytes) -> bytes:
        """The bytes without the values in UTF-8."""
        for needle in self._needles:
            data = data.replace(needle.encode("utf-8", "surrogatepass"), SHOWN.encode())
        return data

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
        for form in (part, quote(part), quote(part, safe=""), quote_plus(part)):
            yield form
            yield _PERCENT.sub(lambda found: found[0].lower(), form)
        once = {part, *_escaped(part)}
        yield from once
        # A text that was escaped is often put into another one that is: JSON in JSON, a repr in an error's text.
        for form in once:
            yield from _escaped(form)


def _escaped(text: str) -> Iterator[str]:
    """The text as it stands between quotes, in Python as a text or bytes, and in JSON."""
    raw = text.encode("utf-8", "surrogatepass")
    yield repr(text)[1:-1]
    yield repr(raw)[2:-1]
    # Beside a double quote Python escapes the single ones.
    yield repr(f'"{text}')[2:-1]
    yield repr(b'"' + raw)[3:-1]
    yield json.dumps(text)[1:-1]
    yield json.dumps(text, ensure_ascii=False)[1:-1]
