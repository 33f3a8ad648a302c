"""The jobs of a sheet without a server: attempts that are repeated, cancels, and input that makes no sense."""

import csv
import io

import openpyxl
import pytest

import configure
import delete_records
import export
import extract
import find_replace
import mutate_records
import remove_assets
from listener_sdk import SyncJob
from listener_sdk.testing import Canceled, JobFailed, run_job
from webshop import WebShop
from workbook import Field, Sheet, Workbook

SHEET = Sheet(
    key="parts",
    label="Parts",
    fields=[
        Field(key="code", label="Code", required=True, unique=True),
        Field(key="price", label="Price", type="number"),
        Field(key="since", label="Since", type="date"),
        Field(key="sold", label="Sold", type="boolean"),
    ],
)
ROWS = [
    {"code": "a-1", "price": 10, "since": "2024-01-31", "sold": True},
    {"code": "A-2", "price": "many"},
    {"code": "=A1+1", "price": -2.5, "sold": False},
    {"code": "a-1", "price": 4},
]
LISTENERS = {
    "space:configure": configure,
    "file:extract": extract,
    "sheet:mutate-records": mutate_records,
    "sheet:find-replace": find_replace,
    "sheet:delete-records": delete_records,
    "sheet:remove-assets": remove_assets,
    "workbook:export": export,
}
SECRETS = {"webshop_token": "open-sesame"}


@pytest.fixture
def book(tmp_path, monkeypatch):
    monkeypatch.setenv("WORKBOOK", str(tmp_path / "workbook.db"))

    def setup(change):
        change.define(SHEET)
        return {"ids": [change.insert(SHEET, row) for row in ROWS]}

    with Workbook(tmp_path / "workbook.db") as opened:
        opened.once("setup", setup)
        yield opened


async def run(name, given=None, **fields):
    return await run_job(LISTENERS[name].listener, name, given, **{"secrets": SECRETS, **fields})


def shown(book, sheet="parts"):
    return [(record.id, record.values, record.problems, record.version) for record in book.records(sheet)]


def column(book, key, sheet="parts"):
    return [record.values[key] for record in book.records(sheet)]


def listed(found, name):
    return [*csv.DictReader(io.StringIO(found.attachment(name).decode("utf-8-sig")))]


# ---- all of them

UPPER = {"sheet": "parts", "changes": [{"do": "text", "field": "code", "to": "upper"}]}
DEARER = {"sheet": "parts", "changes": [{"do": "calculate", "field": "price", "times": 2}]}
TWICE = [
    ("sheet:mutate-records", DEARER),
    ("sheet:mutate-records", {**DEARER, "rows_a_part": 3}),
    ("sheet:find-replace", {"sheet": "parts", "find": "a", "replace": "aa"}),
    ("sheet:delete-records", {"sheet": "parts", "duplicates_of": ["code"]}),
    ("sheet:delete-records", {"sheet": "parts", "every_record": True}),
    ("sheet:remove-assets", {"sheet": "parts", "field": "code", "skus": ["A-1", "x"]}),
    ("space:configure", {"sheets": [{"key": "new", "fields": [{"key": "a"}]}]}),
]


@pytest.mark.parametrize(("name", "given"), TWICE)
async def test_a_second_attempt_tells_the_same_and_changes_nothing(book, name, given):
    first = await run(name, given)
    after = shown(book)
    again = await run(name, given, attempt=2)
    assert shown(book) == after
    assert (again.outcome.message, again.outcome.counts) == (first.outcome.message, first.outcome.counts)
    assert again.result == first.result


@pytest.fixture
def canceled(monkeypatch):
    """Ask every job to stop once it has done its first item."""
    track = SyncJob.track

    def stopping(self, *args, **fields):
        for item in track(self, *args, **fields):
            yield item
            self.ask_to_stop()

    monkeypatch.setattr(SyncJob, "track", stopping)


@pytest.mark.parametrize(("name", "given"), [one for one in TWICE if "rows_a_part" not in one[1]])
@pytest.mark.usefixtures("canceled")
async def test_a_cancel_in_the_middle_changes_nothing(book, name, given):
    before, sheets = shown(book), book.sheets()
    with pytest.raises(Canceled):
        await run(name, given)
    assert shown(book) == before
    assert book.sheets() == sheets


@pytest.mark.parametrize(
    "name", ["sheet:mutate-records", "sheet:find-replace", "sheet:delete-records", "workbook:export"]
)
async def test_an_unknown_sheet_fails_for_good_and_says_which_there_are(book, name):
    given = {"sheet": "part", "changes": UPPER["changes"], "find": "a", "every_record": True}
    with pytest.raises(JobFailed, match=r"There is no sheet 'part'; there are: parts\.") as failed:
        await run(name, given)
    assert failed.value.retry is False


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("sheet:mutate-records", {"changes": [{"do": "set", "field": "colour", "value": 1}]}),
        ("sheet:mutate-records", {"changes": [{"do": "copy", "field": "code", "source": "colour"}]}),
        ("sheet:mutate-records", {**UPPER, "where": [{"field": "colour", "value": 1}]}),
        ("sheet:find-replace", {"find": "a", "fields": ["colour"]}),
        ("sheet:find-replace", {"find": "a", "where": [{"field": "colour", "value": 1}]}),
        ("sheet:delete-records", {"duplicates_of": ["colour"]}),
        ("sheet:delete-records", {"where": [{"field": "colour", "value": 1}]}),
        ("sheet:remove-assets", {"field": "colour", "skus": ["a-1"]}),
        ("workbook:export", {"fields": ["colour"]}),
        ("workbook:export", {"where": [{"field": "colour", "value": 1}]}),
    ],
)
async def test_an_unknown_field_fails_for_good_and_changes_nothing(book, name, given):
    before = shown(book)
    with pytest.raises(JobFailed, match="has no field 'colour'; it has: code, price, since, sold") as failed:
        await run(name, {**given, "sheet": "parts"})
    assert failed.value.retry is False
    assert shown(book) == before


@pytest.mark.parametrize(
    ("name", "given", "why"),
    [
        ("sheet:mutate-records", {"changes": []}, "changes"),
        ("sheet:mutate-records", {"changes": [{"do": "guess", "field": "code"}]}, "do"),
        ("sheet:mutate-records", {"changes": [{"do": "set", "field": "code", "value": [1]}]}, "value"),
        ("sheet:find-replace", {"find": ""}, "find"),
        ("sheet:remove-assets", {"skus": []}, "skus"),
        ("sheet:delete-records", {}, "say which: where, duplicates_of or every_record"),
        ("workbook:export", {"format": "pdf"}, "format"),
    ],
)
async def test_input_that_makes_no_sense_is_told(book, name, given, why):
    with pytest.raises(JobFailed, match=why) as failed:
        await run(name, {"sheet": "parts", **given})
    assert failed.value.retry is False


# ---- configure


async def test_configure_changes_only_what_is_different(book):
    await run("space:configure")
    found = await run("space:configure", id="us_jb_0000000002")
    assert found.result == {"made": [], "changed": [], "unchanged": ["products", "orders"]}
    wider = [field.model_dump() for field in SHEET.fields] + [{"key": "colour", "required": True}]
    given = {"sheets": [{"key": "parts", "fields": wider}]}
    found = await run("space:configure", given, id="us_jb_0000000003")
    assert found.result == {"made": [], "changed": ["parts"], "unchanged": []}
    assert {record.problems["colour"] for record in book.records("parts")} == {"is missing"}
    assert column(book, "code") == [row["code"] for row in ROWS]


async def test_configure_drops_fields_only_when_told(book):
    given = {
        "sheets": [{"key": "new", "fields": [{"key": "a"}]}, {"key": "parts", "fields": [{"key": "code"}]}]
    }
    with pytest.raises(JobFailed, match="would lose price, since, sold with all values"):
        await run("space:configure", given)
    assert [sheet.key for sheet in book.sheets()] == ["parts"]
    await run("space:configure", {**given, "drop_fields": True})
    assert [record.values for record in book.records("parts")] == [{"code": row["code"]} for row in ROWS]


# ---- extract


async def extracted(content, name="parts.csv", tmp_path=None, into="parts-file", **fields):
    path = tmp_path / name
    path.write_bytes(content)
    return await run("file:extract", {"into": into}, file_id="us_fl_1", files={"us_fl_1": path}, **fields)


async def test_extract_replaces_the_rows_of_the_file_before(book, tmp_path):
    await extracted(b"a,b\n1,2\n3,4\n", tmp_path=tmp_path)
    assert column(book, "a", "parts-file") == ["1", "3"]
    again = await extracted(b"c\n9\n", tmp_path=tmp_path)
    assert again.result["rows"] == 2, "the same job: what it did stands"
    assert column(book, "a", "parts-file") == ["1", "3"]
    await extracted(b"c\n9\n", tmp_path=tmp_path, id="us_jb_0000000002")
    assert [record.values for record in book.records("parts-file")] == [{"c": "9"}]
    assert book.sheet("parts-file").file_id == "us_fl_1"


async def test_extract_never_replaces_a_sheet_of_the_workbook(book, tmp_path):
    with pytest.raises(JobFailed, match="parts is a sheet of the workbook"):
        await extracted(b"a\n1\n", tmp_path=tmp_path, into="parts")
    assert column(book, "code") == [row["code"] for row in ROWS]


@pytest.mark.usefixtures("canceled")
async def test_extract_is_all_or_nothing(book, tmp_path):
    with pytest.raises(Canceled):
        await extracted(b"a\n1\n2\n", tmp_path=tmp_path)
    assert [sheet.key for sheet in book.sheets()] == ["parts"]


async def test_extract_without_a_file_says_how_to_give_one(book):
    with pytest.raises(JobFailed, match=r"--file products\.csv"):
        await run("file:extract", {"into": "x"})


# ---- mutate


@pytest.mark.parametrize(
    ("change", "key", "after"),
    [
        ({"do": "set", "field": "price", "value": 7}, "price", [7, 7, 7, 7]),
        ({"do": "set", "field": "price", "value": None}, "price", [None] * 4),
        ({"do": "copy", "field": "since", "source": "code"}, "since", ["a-1", "A-2", "=A1+1", "a-1"]),
        ({"do": "text", "field": "code", "to": "upper"}, "code", ["A-1", "A-2", "=A1+1", "A-1"]),
        ({"do": "text", "field": "price", "to": "title"}, "price", [10, "Many", -2.5, 4]),
        ({"do": "translate", "field": "price", "table": {"many": "12.5"}}, "price", [10, 12.5, -2.5, 4]),
        (
            {"do": "calculate", "field": "price", "times": 3, "plus": 0.123, "digits": 1},
            "price",
            [30.1, "many", -7.4, 12.1],
        ),
    ],
)
async def test_mutate_does_what_the_rule_says(book, change, key, after):
    await run("sheet:mutate-records", {"sheet": "parts", "changes": [change]})
    assert column(book, key) == after


async def test_mutate_applies_rules_in_their_order_to_those_that_meet_the_conditions(book):
    changes = [
        {"do": "set", "field": "price", "value": 5},
        {"do": "calculate", "field": "price", "times": 2},
        {"do": "copy", "field": "code", "source": "price"},
    ]
    where = [
        {"field": "code", "test": "contains", "value": "a-"},
        {"field": "price", "test": "below", "value": 10},
    ]
    found = await run("sheet:mutate-records", {"sheet": "parts", "changes": changes, "where": where})
    assert column(book, "price") == [10, "many", -2.5, 10]
    assert book.records("parts")[3].values["code"] == 10
    assert book.records("parts")[3].problems == {"code": "is not a string"}
    assert found.outcome.message == "Changed 1 record of Parts; 1 met the conditions."


async def test_mutate_lists_what_it_cannot_change(book):
    found = await run("sheet:mutate-records", DEARER)
    assert column(book, "price") == [20, "many", -5, 8]
    assert listed(found, "parts-unchanged.csv") == [
        {"record": "2", "problem": "price is 'many', and no number to calculate with"}
    ]
    assert (found.outcome.result, found.outcome.counts.ok, found.outcome.counts.failed) == ("partial", 3, 1)
    huge = {"sheet": "parts", "changes": [{"do": "calculate", "field": "price", "times": 1e308}]}
    found = await run("sheet:mutate-records", huge, id="us_jb_0000000002")
    assert "would be larger than any number" in listed(found, "parts-unchanged.csv")[0]["problem"]


# ---- find and replace


@pytest.mark.parametrize(
    ("given", "after"),
    [
        ({"find": "a-", "replace": "b."}, ["b.1", "A-2", "=A1+1", "b.1"]),
        ({"find": "a-", "replace": "b.", "match_case": False}, ["b.1", "b.2", "=A1+1", "b.1"]),
        ({"find": "1"}, ["a-", "A-2", "=A+", "a-"]),
        ({"find": "a-1", "replace": r"\1", "whole_cell": True}, [r"\1", "A-2", "=A1+1", r"\1"]),
        ({"find": "A", "whole_cell": True}, ["a-1", "A-2", "=A1+1", "a-1"]),
        ({"find": ".", "replace": "x"}, ["a-1", "A-2", "=A1+1", "a-1"]),
        (
            {"find": "a-1", "replace": "x", "where": [{"field": "price", "value": 4}]},
            ["a-1", "A-2", "=A1+1", "x"],
        ),
        ({"find": "a-1", "replace": "x", "fields": ["price"]}, ["a-1", "A-2", "=A1+1", "a-1"]),
        ({"find": "a-", "replace": "b.", "dry_run": True}, ["a-1", "A-2", "=A1+1", "a-1"]),
    ],
)
async def test_find_replace_takes_the_text_as_it_is(book, given, after):
    await run("sheet:find-replace", {"sheet": "parts", **given})
    assert column(book, "code") == after


async def test_find_replace_tells_where_it_found_what(book):
    found = await run(
        "sheet:find-replace", {"sheet": "parts", "find": "A", "match_case": False, "dry_run": True}
    )
    assert found.outcome.message == "Would replace 'A' in 4 records (code: 4, price: 1)."
    assert found.result == {"looked": 4, "records": 4, "fields": {"code": 4, "price": 1}}


async def test_what_was_a_duplicate_is_none_once_it_differs(book):
    assert "code" in book.records("parts")[3].problems
    await run(
        "sheet:find-replace",
        {"sheet": "parts", "find": "a-1", "replace": "z", "where": [{"field": "price", "value": 4}]},
    )
    assert book.records("parts")[3].problems == {}


# ---- delete


@pytest.mark.parametrize(
    ("given", "left"),
    [
        ({"where": [{"field": "price", "value": 4}]}, [1, 2, 3]),
        ({"where": [{"test": "is-invalid"}]}, [1, 3]),
        ({"duplicates_of": ["code"]}, [1, 2, 3]),
        ({"duplicates_of": ["code", "price"]}, [1, 2, 3, 4]),
        ({"duplicates_of": ["since"]}, [1, 2, 3, 4]),
        (
            {"duplicates_of": ["code"], "where": [{"field": "price", "test": "above", "value": 5}]},
            [1, 2, 3, 4],
        ),
        ({"every_record": True}, []),
        ({"every_record": True, "dry_run": True}, [1, 2, 3, 4]),
        ({"where": [{"field": "code", "value": "none"}]}, [1, 2, 3, 4]),
    ],
)
async def test_delete_removes_what_is_meant_and_nothing_else(book, given, left):
    found = await run("sheet:delete-records", {"sheet": "parts", **given})
    assert [record.id for record in book.records("parts")] == left
    gone = [] if given.get("dry_run") else [id_ for id_ in (1, 2, 3, 4) if id_ not in left]
    copied = [int(row["record"]) for row in listed(found, "parts-deleted.csv")] if gone else []
    assert copied == gone
    assert (found.outcome.next is not None) == bool(gone)


async def test_delete_keeps_all_where_more_would_go_than_may(book):
    with pytest.raises(JobFailed, match=r"4 records would be deleted, and at most 3 may be\. Nothing was\."):
        await run("sheet:delete-records", {"sheet": "parts", "every_record": True, "at_most": 3})
    assert book.count("parts") == 4


async def test_remove_assets_keeps_all_where_more_would_go_than_may(book):
    given = {"sheet": "parts", "field": "code", "skus": ["a-1", "A-2"], "at_most": 2}
    with pytest.raises(JobFailed, match=r"3 records would be removed, and at most 2 may be\. Nothing was\."):
        await run("sheet:remove-assets", given)
    assert book.count("parts") == 4


async def test_remove_assets_asks_the_web_shop_where_nobody_says_what_is_gone(book, monkeypatch):
    monkeypatch.setattr("webshop.GIVEN_UP", {"A-2": "2025-06-03", "A-1": "2025-06-04"})
    given = {"sheet": "parts", "field": "code"}
    with WebShop() as shop:
        monkeypatch.setenv("WEBSHOP", shop.url)
        found = await run("sheet:remove-assets", given)
        assert (found.result["removed"], found.result["missing"]) == (1, [])
        assert column(book, "code") == ["a-1", "=A1+1", "a-1"]
        with pytest.raises(JobFailed, match="does not know the token"):
            await run(
                "sheet:remove-assets", given, secrets={"webshop_token": "open-barley"}, id="us_jb_0000000002"
            )
    assert len(column(book, "code")) == 3


async def test_remove_assets_says_what_was_not_there(book):
    given = {"sheet": "parts", "field": "code", "skus": ["a-2", "b-9", "", " B-9"]}
    found = await run("sheet:remove-assets", given)
    assert (found.result["removed"], found.result["missing"]) == (1, ["B-9"])
    assert [row["code"] for row in listed(found, "parts-removed.csv")] == ["A-2"]
    again = await run("sheet:remove-assets", given, id="us_jb_0000000002")
    assert (again.result, again.attachments) == ({"removed": 0, "missing": ["A-2", "B-9"]}, [])


# ---- export


def rows_of(found, name="parts.csv"):
    return [*csv.reader(io.StringIO(found.attachment(name).decode("utf-8-sig")))]


async def test_export_writes_text_that_no_spreadsheet_runs(book):
    found = await run("workbook:export", {"sheet": "parts", "format": "csv"})
    assert rows_of(found) == [
        ["Code", "Price", "Since", "Sold"],
        ["a-1", "10", "2024-01-31", "true"],
        ["A-2", "many", "", ""],
        ["'=A1+1", "-2.5", "", "false"],
        ["a-1", "4", "", ""],
    ]
    found = await run("workbook:export", {"sheet": "parts"})
    page = openpyxl.load_workbook(io.BytesIO(found.attachment("parts.xlsx"))).active
    assert [cell.data_type for cell in page["A"]] == ["s"] * 5
    assert page["A4"].value == "=A1+1"
    assert (page["B2"].value, page["C2"].value.isoformat()[:10], page["D2"].value) == (10, "2024-01-31", True)


@pytest.mark.parametrize(
    ("given", "codes"),
    [
        ({"records": "valid"}, ["a-1", "'=A1+1"]),
        ({"records": "invalid"}, ["A-2", "a-1"]),
        ({"where": [{"field": "sold", "test": "is-filled"}]}, ["a-1", "'=A1+1"]),
        ({"where": [{"field": "code", "value": "none"}]}, []),
    ],
)
async def test_export_writes_the_records_that_are_wanted(book, given, codes):
    found = await run("workbook:export", {"sheet": "parts", "format": "csv", **given})
    assert [row[0] for row in rows_of(found)[1:]] == codes
    assert found.outcome.counts.ok == len(codes)
    assert found.outcome.next.file_id == found.attachments[0].file.id


async def test_export_has_the_columns_in_the_order_that_is_wanted(book):
    given = {"sheet": "parts", "format": "csv", "fields": ["price", "code"], "problems": True}
    assert rows_of(await run("workbook:export", given))[1:3] == [
        ["10", "a-1", ""],
        ["many", "A-2", "price is not a number"],
    ]


async def test_export_drops_what_no_xlsx_file_can_hold(book):
    book.once("odd", lambda change: {"id": change.insert(SHEET, {"code": "a\x07b" + "x" * 40_000})})
    found = await run("workbook:export", {"sheet": "parts"})
    page = openpyxl.load_workbook(io.BytesIO(found.attachment("parts.xlsx"))).active
    assert page["A6"].value.startswith("abx")
    assert len(page["A6"].value) == 32_767
