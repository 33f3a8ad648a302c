"""An action with all that one may have, and what presses it."""

FORM = {
    "type": "simple",
    "fields": [
        {"key": "format", "label": "Format", "type": "enum", "description": "Of the file.", "defaultValue": "csv",
         "config": {"options": [
             {"value": "csv", "label": "CSV", "description": "Comma-separated.", "color": "#00aa55", "icon": "table", "meta": {"mime": "text/csv"}},
             {"value": "xlsx", "label": "Excel", "color": "green"},
             {"value": 3}, {"value": True}]}},
        {"key": "title", "label": "Title", "type": "string", "constraints": [{"type": "required"}]},
        {"key": "note", "label": "Note", "type": "textarea"},
        {"key": "rows", "label": "Rows", "type": "number", "defaultValue": 100},
        {"key": "headers", "label": "Headers", "type": "boolean", "defaultValue": True},
        {"key": "until", "label": "Until", "type": "date"},
    ],
}  # fmt: skip
"""Every type of field, options with all they may say, defaults, and one that is required."""

WHOLE = {
    "targetId": "us_wb_orders",
    "label": "Export",
    "description": "Writes the workbook into a file.",
    "tooltip": "CSV or Excel",
    "operation": "export",
    "mode": "toolbarBlocking",
    "schedule": "daily",
    "primary": True,
    "confirm": True,
    "icon": "download",
    "inputForm": FORM,
    "constraints": [{"type": "hasAllValid", "ignoreSelection": True}, {"type": "hasSelection"}, {"type": "hasData"}, {"type": "hasColumnEnabled"}],
    "mount": {"type": "workbook", "slugs": ["orders", "returns"]},
    "messages": [{"type": "info", "content": "Takes a minute."}, {"type": "error", "content": "The last one failed."}],
    "guide": {"content": "**Choose** a format."},
    "guardrail": {"content": "Only once a day."},
}  # fmt: skip
"""All that an action may have, as Flatfile writes it."""

SELECTED = {"type": "collection", "resource": "records", "params": {"ids": ["r1"]}, "query": {"q": "a"}}
PRESS = {"input": {"title": "Orders"}, "subject": SELECTED, "confirm": True}
"""A press that `WHOLE` takes."""
FILLED = {"format": "csv", "title": "Orders", "rows": 100, "headers": True}
"""The input of its job."""
