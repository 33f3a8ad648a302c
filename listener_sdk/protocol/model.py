"""The base of every wire model: camelCase outside, snake_case inside."""

from typing import ClassVar, Final

from pydantic import VERSION, BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

BUILT_LATER: Final = tuple(map(int, VERSION.split(".")[:2])) >= (2, 14)
"""Whether a model's checks are built with its first use: a process that uses a few of our 150 models has no memory for all.

Before 2.14 two threads that use a model first at the same moment may get the checks of its base, which takes anything.
"""


class WireModel(BaseModel):
    """A body or frame: camelCase on the wire; unknown fields are ignored, as clients of other versions send them."""

    below: ClassVar[str | None] = None
    """The field in which fields may belong that this has not, where that is left out."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        populate_by_name=True,
        serialize_by_alias=True,
        allow_inf_nan=False,
        defer_build=BUILT_LATER,
        protected_namespaces=(),
    )
