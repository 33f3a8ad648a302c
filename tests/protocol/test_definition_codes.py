import pytest
from pydantic import TypeAdapter, ValidationError

from listener_sdk.protocol.definition_codes import DefinitionCode

CODES = TypeAdapter(DefinitionCode)


@pytest.mark.parametrize("code", ["a", "0", "nightly-import", "a.b_c:d", "A" * 128])
def test_a_code_is_taken_as_it_stands(code):
    assert CODES.validate_python(code) == code


@pytest.mark.parametrize("code", ["", "-a", "a b", "us_def_0000000001", "a/b", "é", "A" * 129])
def test_what_would_not_stand_in_an_address_is_refused(code):
    with pytest.raises(ValidationError):
        CODES.validate_python(code)
