import csv
import io
import json

import pytest

from listener_sdk._tables import LONGEST_CELL, csv_table


def read(content):
    return [*csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""))]


def test_the_columns_are_all_keys_in_the_order_of_their_coming():
    content = csv_table([{"row": 1, "why": "no name"}, {"why": "too old", "age": 150, "row": 7}])
    assert read(content) == [["row", "why", "age"], ["1", "no name", ""], ["7", "too old", "150"]]


def test_spreadsheets_know_its_encoding_and_its_lines():
    content = csv_table([{"name": "Zoë, Ann", "note": 'a "b"\nc'}])
    assert content == b"\xef\xbb\xbf" + 'name,note\r\n"Zoë, Ann","a ""b""\nc"\r\n'.encode()


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", '=HYPERLINK("http://x","y")']
)
def test_no_text_can_be_run_as_a_formula(text):
    assert read(csv_table([{text: text}])) == [[f"'{text}"], [f"'{text}"]]


def test_numbers_stay_numbers_and_other_values_become_text():
    row = {
        "debt": -5,
        "rate": -0.5,
        "ok": True,
        "none": None,
        "list": [1, "=x"],
        "dict": {"a": None},
        "text": "a=b",
    }
    (cells,) = read(csv_table([row]))[1:]
    assert cells == ["-5", "-0.5", "true", "", '[1, "=x"]', json.dumps({"a": None}), "a=b"]


def test_what_no_sheet_can_hold_is_made_fit():
    (cells,) = read(csv_table([{"long": "x" * 50_000, "odd": "a\0b\ud800"}]))[1:]
    assert len(cells[0]) == LONGEST_CELL
    assert cells[1] == "a\N{REPLACEMENT CHARACTER}b?"


def test_no_rows_are_an_empty_table():
    assert read(csv_table([])) == []
