import pytest

from listener_sdk.protocol.mail_addresses import address_problem


@pytest.mark.parametrize(
    "text",
    ["ada", "a@b@c", "a b@c", "a@b\r\nBcc: all@c", "a,b@c.example", "Ada <a@b>", "a@b;c", "a@", "a" * 65 + "@b", 'a"@b'],
)  # fmt: skip
def test_a_text_that_names_another_or_more_than_one_recipient_is_no_address(text):
    assert address_problem(text) == "must be one address such as ada@example.com"


@pytest.mark.parametrize("text", ["ada@example.com", "a.b+c@d", "ä@bücher.example", "o'neil@b.example"])
def test_addresses_that_mail_reaches(text):
    assert address_problem(text) is None
