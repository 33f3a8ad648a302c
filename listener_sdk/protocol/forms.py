"""Input forms on the wire, as Flatfile writes them: the fields that a person fills in before a job starts."""

from typing import Annotated, Any, Final, Literal, Self

from pydantic import AfterValidator, Field, StrictBool, StrictFloat, StrictInt, model_validator

from .model import WireModel
from .texts import visible

MOST_FIELDS: Final = 100
MOST_OPTIONS: Final = 1_000
FIELD_TYPES: Final = ("string", "textarea", "number", "boolean", "date", "enum")

FieldType = Literal["string", "textarea", "number", "boolean", "date", "enum"]
Value = StrictBool | StrictInt | StrictFloat | Annotated[str, Field(max_length=1024, strict=True)]
_KIND: Final[dict[str, tuple[type, ...]]] = {
    "string": (str,),
    "textarea": (str,),
    "date": (str,),
    "number": (int, float),
    "boolean": (bool,),
}


Key = Annotated[str, Field(min_length=1, max_length=128), AfterValidator(visible)]
Label = Annotated[str, Field(max_length=256)]
Text = Annotated[str, Field(max_length=4096)]


class FormOption(WireModel):
    """One choice of a field of the type ``enum``."""

    value: Value
    label: Label | None = None
    description: Text | None = None
    color: Annotated[str, Field(max_length=64)] | None = None
    icon: Annotated[str, Field(max_length=128)] | None = None
    meta: dict[str, Any] | None = None


class FieldConfig(WireModel):
    """The choices of a field, in the order in which they are shown unless ``sort`` says by what: ``label`` or ``value``."""

    options: Annotated[list[FormOption], Field(min_length=1, max_length=MOST_OPTIONS)]
    sort: Literal["label", "value"] | None = None

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        seen: set[tuple[bool, Any]] = set()
        for option in self.options:
            # Without the kind, true would be taken for 1.
            mark = (isinstance(option.value, bool), option.value)
            if mark in seen:
                raise ValueError(f"the option {option.value!r} stands twice")
            seen.add(mark)
        return self


class Constraint(WireModel):
    """What a field must be; Flatfile knows ``required`` alone."""

    type: Literal["required"]


class FormField(WireModel):
    """One thing to fill in. ``key`` is its name in the job's input; a field of the type ``enum`` has ``config``."""

    key: Key
    type: FieldType
    label: Label | None = None
    description: Text | None = None
    default_value: Any = None
    config: FieldConfig | None = None
    constraints: Annotated[list[Constraint], Field(max_length=8)] | None = None

    @property
    def is_required(self) -> bool:
        """Whether the form cannot be sent without it."""
        return bool(self.constraints)

    @model_validator(mode="after")
    def _fitting(self) -> Self:
        if (self.type == "enum") != (self.config is not None):
            raise ValueError(
                f"the field {self.key!r} of the type enum needs config with its options"
                if self.config is None
                else f"the field {self.key!r} has options, so its type must be enum, not {self.type}"
            )
        if self.default_value is not None and not self._takes(self.default_value):
            what = "one of its options" if self.config else f"a value of the type {self.type}"
            raise ValueError(f"defaultValue of the field {self.key!r} must be {what}")
        return self

    def _takes(self, value: Any) -> bool:
        if self.config is not None:
            same = [option.value for option in self.config.options if option.value == value]
            return any(isinstance(one, bool) == isinstance(value, bool) for one in same)
        return isinstance(value, _KIND[self.type]) and (self.type == "boolean" or not isinstance(value, bool))


class InputForm(WireModel):
    """The fields, in the order in which they are asked for."""

    type: Literal["simple"] = "simple"
    fields: Annotated[list[FormField], Field(max_length=MOST_FIELDS)]

    @model_validator(mode="after")
    def _named_once(self) -> Self:
        keys = [field.key for field in self.fields]
        if twice := [key for key in keys if keys.count(key) > 1]:
            raise ValueError(f"the field {twice[0]!r} stands twice")
        return self
