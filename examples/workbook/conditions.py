"""Which records are meant: conditions that a job's input states."""

from collections.abc import Callable, Sequence
from typing import Any, Final, Literal

from pydantic import BaseModel, model_validator

from .fields import Sheet
from .records import Record

Test = Literal["equals", "differs", "contains", "in", "below", "above", "is-empty", "is-filled", "is-invalid"]


class Condition(BaseModel):
    """What must hold of a field; ``is-invalid`` without a field asks for records with any problem."""

    field: str | None = None
    test: Test = "equals"
    value: Any = None

    @model_validator(mode="after")
    def _makes_sense(self) -> "Condition":
        if self.field is None and self.test != "is-invalid":
            raise ValueError(f"{self.test} asks for a field")
        if self.test == "in" and not isinstance(self.value, list):
            raise ValueError("in asks for a list of values")
        return self


Where = list[Condition]
Matches = Callable[[Record], bool]

_TESTS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "equals": lambda found, given: found == given,
    "differs": lambda found, given: found != given,
    "contains": lambda found, given: str(given).casefold() in str(found or "").casefold(),
    "in": lambda found, given: found in given,
    "below": lambda found, given: _comparable(found, given) and found < given,
    "above": lambda found, given: _comparable(found, given) and found > given,
    "is-empty": lambda found, _: found is None,
    "is-filled": lambda found, _: found is not None,
}


def matcher(where: Sequence[Condition], sheet: Sheet) -> Matches:
    """Whether a record meets all conditions; Fatal for a field that the sheet does not have."""
    tests = [_test(condition, sheet) for condition in where]
    return lambda record: all(test(record) for test in tests)


def _test(condition: Condition, sheet: Sheet) -> Matches:
    key = condition.field
    if key is not None:
        sheet.field(key)
    if condition.test == "is-invalid":
        return lambda record: bool(record.problems) if key is None else key in record.problems
    test, given = _TESTS[condition.test], condition.value
    return lambda record: test(record.values.get(str(key)), given)


def _comparable(found: Any, given: Any) -> bool:
    """Numbers with numbers, texts with texts: a cell that could not be read is neither below nor above a number."""
    numbers = (int, float)
    return (isinstance(found, numbers) and isinstance(given, numbers)) or (
        isinstance(found, str) and isinstance(given, str)
    )
