"""Where the ids of outcomes open: by the link template of a space, such as ``https://app.example.com/{type}/{id}``. Pure."""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

_IDS: Final = {"id": ("id", None), "snapshot": ("snapshotId", "snapshot"), "view": ("sheetId", "sheet")}
"""Of each action that opens something: the field with its id, and what that is where the id does not say it."""
_TYPES: Final = {
    "us_dc_": "document",
    "us_env_": "space",
    "us_fl_": "file",
    "us_jb_": "job",
    "us_sh_": "sheet",
    "us_sp_": "space",
    "us_wb_": "workbook",
}


def place(action: Mapping[str, Any], template: str | None) -> str | None:
    """The address that a next action opens; None where the template, or what the id is of, is not known."""
    field, type_ = _IDS.get(str(action.get("type")), (None, None))
    named = action.get(field) if field is not None else None
    if template is None or not isinstance(named, str):
        return None
    kind = type_ or next((found for start, found in _TYPES.items() if named.startswith(start)), None)
    if kind is None and "{type}" in template:
        return None
    filled = template.replace("{id}", quote(named, safe="")).replace("{type}", kind or "")
    return f"{filled}{action.get('path') or ''}{action.get('query') or ''}"
