import pytest

from listener_sdk.protocol.mail_addresses import address_problem


@pytest.mark.parametrize(
    "text",
    ["ada", "a@b@c", "a b@c", "a@b\r\nBcc: all@c", "a,b@c.example", "Ada <a@b>", "a@b;c", "a@", "a" * 65 + "@b", 'a"@b'],
)  # fmt: skip
def test_a_text_that_names_another_or_more_than_one_recipient_is_no_address(text):
    assert address_problem(text) == "must be one address such as ada@example.com"


@pytest.mark.parametrize(
    "text",
    [
        "x@example..com", ".x@example.com", "x.@example.com", "x..y@example.com", "x@.example.com", "x@example.com.",
        "x@-a.com", "x@a-.com", "x@a.-b", "x@" + "a" * 64 + ".com",
    ],
)  # fmt: skip
def test_dots_and_hyphens_stand_between_others(text):
    assert address_problem(text) == "must be one address such as ada@example.com"


@pytest.mark.parametrize(
    "text",
    [
        "ada@example.com", "a.b+c@d", "ä@bücher.example", "o'neil@b.example", "-x-@a--b.c-d.example", "x@भारत.example",
        "a" * 64 + "@" + "b" * 63,
    ],
)  # fmt: skip
def test_addresses_that_mail_reaches(text):
    assert address_problem(text) is None
