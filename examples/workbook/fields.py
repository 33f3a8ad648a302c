"""The fields of a sheet, and what is wrong with a value."""

from collections.abc import Mapping
from typing import Any, Final, Literal

from pydantic import BaseModel, model_validator
from pydantic import Field as Bound

from listener_sdk import Fatal

from .values import Style, read

Kind = Literal["string", "number", "integer", "boolean", "date", "enum"]
TYPES: Final[dict[str, tuple[type, ...]]] = {
    "string": (str,),
    "number": (int, float),
    "integer": (int,),
    "boolean": (bool,),
    "date": (str,),
    "enum": (str,),
}

Values = dict[str, Any]
Problems = dict[str, str]


class Field(BaseModel):
    """A column of a sheet."""

    key: str = Bound(min_length=1, max_length=200)
    label: str | None = Bound(default=None, max_length=200)
    type: Kind = "string"
    required: bool = False
    unique: bool = False
    minimum: float | None = None
    options: list[str] = Bound(default_factory=list, max_length=1000)
    also: list[str] = Bound(default_factory=list, description="Other names under which files have this field")

    @model_validator(mode="after")
    def _enum_has_options(self) -> "Field":
        if (self.type == "enum") != bool(self.options):
            raise ValueError(f"{self.key}: fields of the type enum have options, and no others have")
        return self

    def read(self, value: Any, style: Style | None = None) -> tuple[Any, str | None]:
        """The value, and what is wrong with it: what cannot be read stays as it was written, for a person to see."""
        try:
            found = read(self.type, value, style or Style())
        except ValueError as error:
            return value, str(error)
        return found, self._problem(found)

    def _problem(self, value: Any) -> str | None:
        if value is None:
            return "is missing" if self.required else None
        if type(value) not in TYPES[self.type]:
            return f"is not a {self.type}"
        if self.options and value not in self.options:
            return "is none of the options"
        if self.minimum is not None and value < self.minimum:
            return f"is less than {self.minimum:g}"
        return None


class Sheet(BaseModel):
    """A table of a workbook, and its fields."""

    key: str = Bound(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")
    label: str | None = Bound(default=None, max_length=200)
    fields: list[Field] = Bound(min_length=1, max_length=1000)
    file_id: str | None = Bound(
        default=None, description="The file whose rows these are, as they were written"
    )

    @model_validator(mode="after")
    def _keys_differ(self) -> "Sheet":
        keys = [field.key for field in self.fields]
        if len({*keys}) < len(keys):
            raise ValueError(f"{self.key}: two fields have the same key")
        return self

    def field(self, key: str) -> Field:
        """Fatal, with the keys that there are, when there is no such field."""
        for field in self.fields:
            if field.key == key:
                return field
        known = ", ".join(field.key for field in self.fields)
        raise Fatal(f"The sheet {self.key} has no field {key!r}; it has: {known}.")

    def read(self, values: Mapping[str, Any], styles: Mapping[str, Style]) -> tuple[Values, Problems]:
        """A record's values, and what is wrong with which."""
        found = {field.key: field.read(values.get(field.key), styles.get(field.key)) for field in self.fields}
        problems = {key: problem for key, (_, problem) in found.items() if problem}
        return {key: value for key, (value, _) in found.items()}, problems
