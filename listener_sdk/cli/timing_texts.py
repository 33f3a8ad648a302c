"""What a text on the command line says of when something is due."""

import re
from typing import Any

from .pairs import json_object


def timing_of(text: str) -> dict[str, Any]:
    """The field of a timing that a text is: an expression, a repetition in JSON, or a time."""
    if text.lstrip().startswith("{"):
        return {"repeat": json_object(text, "TEXT")}
    return {"once" if re.match(r"\s*[0-9]{4}-", text) else "cron": text}
