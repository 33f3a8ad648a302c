"""A small workbook in SQLite, on which the examples work: sheets with typed fields, and records with their problems and versions."""

import os

from .changes import Change
from .conditions import Condition, Where, matcher
from .fields import Field, Problems, Sheet, Values
from .records import Record
from .store import Result, Workbook
from .values import Style, has_decimal_commas


def opened() -> Workbook:
    """The workbook that the environment names (``WORKBOOK``), else ``workbook.db`` in the present folder."""
    return Workbook(os.environ.get("WORKBOOK", "workbook.db"))


__all__ = [
    "Change",
    "Condition",
    "Field",
    "Problems",
    "Record",
    "Result",
    "Sheet",
    "Style",
    "Values",
    "Where",
    "Workbook",
    "has_decimal_commas",
    "matcher",
    "opened",
]
