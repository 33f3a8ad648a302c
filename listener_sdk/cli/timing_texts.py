"""What a text on the command line says of when something is due."""

import re
from typing import Any, Final

from ..protocol.timings import LONGEST_CRON
from .failures import Misuse
from .pairs import json_object

_TIME: Final = re.compile(r"\s*[0-9]{4}-")
REPEAT: Final = '{"every": 5, "unit": "minutes", "start": "2026-01-01T00:00"}'


def timing_of(text: str) -> dict[str, Any]:
    """The field of a timing that a text is: an expression, a repetition in JSON, or a time. Misuse for what is plainly none of them."""
    if text.lstrip().startswith("{"):
        return {"repeat": json_object(text, "TEXT", REPEAT)}
    fields = text.split() or [""]
    is_prose = not 4 <= len(fields) <= 8 or ":" in text or fields[0].lower() == "every"
    if is_prose and not text.lstrip().startswith("@") and not _TIME.match(text) and len(text) <= LONGEST_CRON:
        raise Misuse(
            f"TEXT {text!r} says no time. Write a cron expression such as '0 9 * * 1-5' (at 09:00, Monday to Friday), one time such as "
            f"2026-12-24T09:00, or a repetition in JSON such as '{REPEAT}'."
        )
    return {"once" if _TIME.match(text) else "cron": text}
