"""Where the ids of outcomes open."""

import pytest

from server.core.places import place

TEMPLATE = "https://app.example.com/{type}/{id}"


@pytest.mark.parametrize(
    ("action", "address"),
    [
        ({"type": "id", "id": "us_wb_1"}, "/workbook/us_wb_1"),
        ({"type": "id", "id": "us_sh_1", "path": "/rows", "query": "?a=1"}, "/sheet/us_sh_1/rows?a=1"),
        ({"type": "id", "id": "us_sp_acme"}, "/space/us_sp_acme"),
        ({"type": "id", "id": "us_wb_../../x?y#z"}, "/workbook/us_wb_..%2F..%2Fx%3Fy%23z"),
        ({"type": "id", "id": "us_wb_{type}"}, "/workbook/us_wb_%7Btype%7D"),
        ({"type": "snapshot", "snapshotId": "s1", "sheetId": "us_sh_1"}, "/snapshot/s1"),
        ({"type": "view", "sheetId": "us_sh_1"}, "/sheet/us_sh_1"),
    ],
)
def test_what_opens_a_thing_has_an_address(action, address):
    assert place(action, TEMPLATE) == f"https://app.example.com{address}"


def test_an_id_of_the_product_opens_where_its_type_need_not_be_known():
    action = {"type": "id", "id": "invoice-17"}
    assert place(action, TEMPLATE) is None
    assert place(action, "https://app.example.com/open?{id}") == "https://app.example.com/open?invoice-17"


@pytest.mark.parametrize(
    "action",
    [
        {},
        {"type": "retry"},
        {"type": "url", "url": "https://elsewhere.example", "id": "us_wb_1"},
        {"type": "id"},
        {"type": "id", "id": 7},
        {"type": None, "id": "us_wb_1"},
    ],
)
def test_other_actions_have_none(action):
    assert place(action, TEMPLATE) is None


def test_a_space_without_a_template_opens_nothing():
    assert place({"type": "id", "id": "us_wb_1"}, None) is None
