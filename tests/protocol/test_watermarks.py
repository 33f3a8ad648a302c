"""Which texts a watermark may be."""

import pytest
from pydantic import ValidationError

from listener_sdk.protocol.watermarks import LONGEST_WATERMARK, WatermarkWrite


@pytest.mark.parametrize("value", ["2026-01-01T00:00:00.000Z", "0", "x" * LONGEST_WATERMARK, "Zoë 日"])
def test_any_visible_text_is_one(value):
    assert WatermarkWrite(value=value).value == value


@pytest.mark.parametrize("value", ["", " ", "x" * (LONGEST_WATERMARK + 1), "a\x00", "a\nb", 5, None])
def test_others_are_refused(value):
    with pytest.raises(ValidationError):
        WatermarkWrite.model_validate({"value": value})


def test_a_field_that_is_misspelt_is_refused():
    with pytest.raises(ValidationError):
        WatermarkWrite.model_validate({"value": "a", "since": "b"})
