"""Names of durable subscriptions."""

import pytest
from pydantic import TypeAdapter, ValidationError

from listener_sdk.protocol.subscriptions import DurableName

name = TypeAdapter(DurableName)


@pytest.mark.parametrize("good", ["a", "billing", "Billing.eu-1:v2_x", "9", "x" * 64])
def test_names(good):
    assert name.validate_python(good) == good


@pytest.mark.parametrize("bad", ["", "x" * 65, "a b", ".a", "é", "us_sub_0000000001", "a/b", "a\n"])
def test_what_is_no_name(bad):
    with pytest.raises(ValidationError):
        name.validate_python(bad)
