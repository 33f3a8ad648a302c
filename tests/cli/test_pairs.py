import pytest

from listener_sdk.cli.failures import Misuse
from listener_sdk.cli.pairs import as_object, json_object


def test_values_that_are_json_are_read_and_others_stay_text():
    pairs = ["rows=100", "name=Ann", "on=true", 'tags=["a","b"]', "empty=", "zip=007", 'code="7"', "eq=a=b"]
    assert as_object(pairs, "--input") == {
        "rows": 100,
        "name": "Ann",
        "on": True,
        "tags": ["a", "b"],
        "empty": "",
        "zip": "007",
        "code": "7",
        "eq": "a=b",
    }


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity", "1e999", "[" * 100_000])
def test_what_no_store_can_keep_as_a_number_stays_text(value):
    assert as_object([f"x={value}"], "--input") == {"x": value}


@pytest.mark.parametrize("pair", ["rows", "=1", ""])
def test_a_pair_without_name_or_sign_is_refused_with_the_form(pair):
    with pytest.raises(Misuse, match=r"--input .* is not of the form name=value"):
        as_object([pair], "--input")


def test_an_object_is_read_from_a_text_or_a_file(tmp_path):
    (tmp_path / "input.json").write_text('{"rows": 5}', encoding="utf-8")
    assert json_object('{"rows": 4}', "--input-json") == {"rows": 4}
    assert json_object(f"@{tmp_path / 'input.json'}", "--input-json") == {"rows": 5}


@pytest.mark.parametrize(("text", "why"), [("[1]", "must be a JSON object"), ("{rows", "is not JSON")])
def test_what_is_no_object_is_refused(text, why):
    with pytest.raises(Misuse, match=why):
        json_object(text, "--input-json")


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    with pytest.raises(Misuse, match=r"cannot be read: .*missing\.json"):
        json_object(f"@{tmp_path / 'missing.json'}", "--input-json")
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(Misuse, match="cannot be read"):
        json_object(f"@{tmp_path / 'binary'}", "--input-json")
