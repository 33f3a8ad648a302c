"""The story of the shop with a real server and listener, on both databases: what each example does to the data, row by row.

What is expected comes from the maker of the files and from what is written here, never from the examples' own code.
"""

import csv
import io
import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import datetime

import openpyxl
import pytest
from played_story import DEADLINE_S, counts, facts
from processes import ROOT

import story
from tests.data.shop import make

pytestmark = pytest.mark.must_run

PRODUCTS, ORDERS = make.records(make.product_rows()), make.records(make.order_rows())
TRUE_CATEGORY = {product["name"]: product["category"] for product in make.catalogue()}


def outcome(step):
    return step.job.outcome


def test_every_job_of_the_story_ends_as_it_should(told):
    ends = {name: step.job.status for name, step in told.items()}
    assert ends == {**dict.fromkeys(told, "complete"), "import-locked-out": "failed"}
    assert [step.job.job for step in told.values()][:2] == ["space:configure", "file:extract"]
    assert {step.job.job for step in told.values()} == {
        "space:configure", "file:extract", "workbook:map", "sheet:find-replace", "sheet:mutate-records", "sheet:delete-records",
        "sheet:ai-assist", "workbook:export", "shop:import-orders", "sheet:remove-assets", "system:callWebserviceEndpoint",
    }  # fmt: skip


def test_configure_makes_the_sheets_with_their_fields(played, told):
    folder = played.folder
    with closing(sqlite3.connect(folder / "workbook.db")) as database:
        sheets = {key: json.loads(body) for key, body in database.execute("SELECT key, body FROM sheet")}
    kinds = {
        key: {one["key"]: one["type"] for one in sheets[key]["fields"]} for key in ("products", "orders")
    }
    assert kinds == {
        "products": {
            "sku": "string", "name": "string", "description": "string", "category": "enum", "price": "number", "stock": "integer",
            "added": "date", "supplier": "string",
        },
        "orders": {
            "number": "string", "ordered": "date", "sku": "string", "quantity": "integer", "customer": "string", "email": "string",
            "country": "enum", "paid": "boolean", "note": "string",
        },
    }  # fmt: skip
    assert told["configure"].job.result == {"made": ["products", "orders"], "changed": [], "unchanged": []}
    assert told["configure"].after == {"products": [], "orders": []}


def as_read(cells, columns):
    """A row as a source sheet has it: text without blanks around it, nothing where there is none."""
    return {column: (cell.strip() or None) for column, cell in zip(columns, cells, strict=True)}


def numbered(rows, first):
    return [number for number, row in enumerate(rows, start=first) if row.kind == "row"]


def test_extract_takes_every_row_of_a_csv_file_as_it_was_written(told):
    step = told["extract-products"]
    assert step.values("products-file") == [as_read(row.cells, make.PRODUCT_COLUMNS) for row in PRODUCTS]
    rows = make.product_rows()
    assert [row["notes"]["line"] for row in step.after["products-file"]] == numbered(rows, 2)
    torn = [number for number, row in enumerate(rows, start=2) if row.kind == "torn"]
    assert [int(error["line"]) for error in step.errors] == torn
    assert [error["problem"].split(",")[0] for error in step.errors] == ["has 12 cells", "has 11 cells"]
    assert counts(step) == {"total": 328, "ok": 326, "failed": 2, "skipped": 0}
    assert step.job.result == {"sheet": "products-file", "rows": 326, "blank": 3, "refused": 2}


def test_extract_reads_quotes_line_breaks_and_every_script(told):
    step = told["extract-new"]
    assert step.values("new-file") == [as_read(row.cells, make.NEW_COLUMNS) for row in make.new_rows()]
    assert counts(step) == {"total": 10, "ok": 10, "failed": 0, "skipped": 0}
    assert [row["notes"]["line"] for row in step.after["new-file"]] == [2, *range(4, 13)]


def as_shown(cell):
    if cell is None:
        return None
    if isinstance(cell, bool):
        return "true" if cell else "false"
    return f"{cell:%Y-%m-%d}" if isinstance(cell, datetime) else str(cell)


def test_extract_finds_the_header_of_an_xlsx_sheet_below_its_title(told):
    step = told["extract-orders"]
    wanted = [dict(zip(make.ORDER_COLUMNS, map(as_shown, row.cells), strict=True)) for row in ORDERS]
    assert step.values("orders-file") == wanted
    assert [row["notes"]["line"] for row in step.after["orders-file"]] == numbered(make.order_rows(), 5)
    assert step.job.result["blank"] == 2


def mapped(step, sheet, rows):
    """The records of a sheet against what the rows are: the values of each, and with which fields something is wrong."""
    found = [(row["values"], {*row["problems"]}) for row in step.after[sheet]]
    assert found == [(row.values, row.problems) for row in rows]


def test_map_reads_every_value_and_marks_what_cannot_be_read(told):
    step = told["map-products"]
    mapped(step, "products", PRODUCTS)
    bad = sum(bool(row.problems) for row in PRODUCTS)
    assert counts(step) == {"total": 326, "ok": 326 - bad, "failed": bad, "skipped": 0}
    told_of = {(int(error["record"]), error["problem"]) for error in step.errors}
    marked = {(row["id"], text) for row in step.after["products"] for text in row["problems"].values()}
    assert told_of == marked
    assert step.after["products-file"] == step.before["products-file"]


def test_map_appends_and_leaves_what_is_there(told):
    step = told["map-new"]
    mapped(step, "products", [*PRODUCTS, *make.new_rows()])
    assert [row["version"] for row in step.after["products"][:326]] == [
        row["version"] for row in step.before["products"]
    ]


def test_map_copies_orders_as_a_person_has_corrected_the_plan(told):
    step = told["map-orders"]
    mapped(step, "orders", ORDERS)
    assert counts(step)["failed"] == sum(bool(row.problems) for row in ORDERS)


def life(played, job):
    """The topics and states that the log tells of a job, in their order."""
    return [(event.topic, event.payload.get("status")) for event in played.events if event.job_id == job.id]


def test_a_plan_waits_in_planning_until_a_rule_or_a_person_accepts_it(played, told):
    for name in ("map-products", "map-orders"):
        seen = [topic for topic, _ in life(played, told[name].job)]
        assert seen[:2] == ["job:created", "job:updated"]
        assert seen.index("job:updated") < seen.index("job:ready") < seen.index("job:completed")
    updates = [status for topic, status in life(played, told["map-orders"].job) if topic == "job:updated"]
    assert updates[:2] == ["planning", "planning"]
    waiting = next(job for job in played.jobs if job.id == told["map-orders"].job.id)
    assert waiting.trigger == "manual"


def test_a_big_mapping_runs_in_parts(played, told):
    parts = [job for job in played.jobs if job.parent_id == told["map-products"].job.id]
    assert sorted(part.part_data["rows"] for part in parts) == [26, 100, 100, 100]
    assert {part.status for part in parts} == {"complete"}


def only(step, sheet, change):
    """Nothing differs in the records but what the function does to their values; the version tells which were written."""
    wanted = [change({**row["values"]}) for row in step.before[sheet]]
    assert step.values(sheet) == wanted
    touched = [row["id"] for row, now in zip(step.before[sheet], wanted, strict=True) if row["values"] != now]
    assert {row["id"] for row in step.changed(sheet)} >= {*touched}
    kept = [(old["id"], old["version"]) for old in step.before[sheet] if old["id"] not in touched]
    same = [(row["id"], row["version"]) for row in step.after[sheet] if row["id"] not in touched]
    assert same == kept
    return len(touched)


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [("replace-kitchen", "Kitchenware", "Kitchen"), ("replace-textiles", "Home textiles", "Textiles")],
)
def test_find_replace_changes_the_cells_that_hold_the_text_and_no_others(told, name, old, new):
    step = told[name]

    def change(values):
        return {**values, "category": new if values["category"] == old else values["category"]}

    number = only(step, "products", change)
    assert number == sum(row.values["category"] == old for row in PRODUCTS) > 20
    assert step.job.result["fields"] == {"category": number}
    assert not any(
        "category" in row["problems"] for row in step.after["products"] if row["values"]["category"] == new
    )


def test_find_replace_mends_what_could_not_be_read(told):
    step = told["replace-circa"]
    roughly = [row.values["stock"] for row in PRODUCTS if str(row.values["stock"]).startswith("ca. ")]
    assert len(roughly) == 4
    only(
        step,
        "products",
        lambda values: {
            **values,
            "stock": int(str(values["stock"])[4:]) if values["stock"] in roughly else values["stock"],
        },
    )
    mended = step.changed("products")
    assert sorted(row["values"]["stock"] for row in mended) == sorted(int(text[4:]) for text in roughly)
    assert not any("stock" in row["problems"] for row in mended)


def test_mutate_changes_every_record_that_a_rule_changes(played, told):
    step = told["mutate-products"]
    number = only(
        step,
        "products",
        lambda values: {**values, "sku": values["sku"].upper(), "name": values["name"].replace("  ", " ")},
    )
    assert f"Changed {number} records" in outcome(step)["message"]
    assert sum(job.parent_id == step.job.id for job in played.jobs) == 4


def test_mutate_calculates_for_those_that_meet_the_condition_and_lists_the_rest(told):
    step = told["mutate-prices"]

    def dearer(values):
        price = values["price"]
        if values["supplier"] == "Nordwerk" and isinstance(price, float):
            return {**values, "price": round(price * 1.05, 2)}
        return values

    assert only(step, "products", dearer) > 30
    refused = [
        row["id"]
        for row in step.after["products"]
        if row["values"]["supplier"] == "Nordwerk" and isinstance(row["values"]["price"], str)
    ]
    assert [int(error["record"]) for error in step.errors] == refused
    assert counts(step)["failed"] == len(refused) == 1
    assert outcome(step)["result"] == "partial"


def test_mutate_translates_and_reads_the_result_anew(told):
    step = told["mutate-orders"]
    numerals = {"one": 1, "two": 2, "three": 3}

    def change(values):
        country = "DE" if values["country"] == "Germany" else values["country"]
        quantity = numerals.get(values["quantity"], values["quantity"])
        return {**values, "email": values["email"].lower(), "country": country, "quantity": quantity}

    assert only(step, "orders", change) > 15
    assert not any("country" in row["problems"] for row in step.after["orders"])


@pytest.mark.parametrize(
    ("name", "sheet", "key"), [("delete-products", "products", "sku"), ("delete-orders", "orders", "number")]
)
def test_delete_removes_the_later_ones_of_those_alike(told, name, sheet, key):
    step = told[name]
    first = {}
    for row in step.before[sheet]:
        first.setdefault(row["values"][key], row["id"])
    assert [row["id"] for row in step.after[sheet]] == [*first.values()]
    assert step.values(sheet) == [row["values"] for row in step.before[sheet] if row["id"] in first.values()]
    assert not any(
        "is there already" in text for row in step.after[sheet] for text in row["problems"].values()
    )
    assert outcome(step)["next"]["type"] == "download"
    assert (
        step.job.result["deleted"]
        == len(step.before[sheet]) - len(first)
        == {"products": 6, "orders": 3}[sheet]
    )


def test_ai_assist_fills_in_only_what_was_empty_and_says_how_sure_it_is(told):
    step = told["ai-assist"]
    filled = {row["id"]: row for row in step.changed("products")}
    for old, row in zip(step.before["products"], step.after["products"], strict=True):
        if row["id"] in filled:
            assert old["values"]["category"] is None
            assert {**row["values"], "category": None} == old["values"]
            assert row["notes"]["category"]["confidence"] >= 0.6
        else:
            assert facts(row) == facts(old)
    left = [row["id"] for row in step.after["products"] if row["values"]["category"] is None]
    assert [int(line["record"]) for line in step.errors] == left
    assert all(float(line["confidence"]) < 0.6 for line in step.errors)
    assert counts(step) == {"total": 54, "ok": len(filled), "failed": 0, "skipped": len(left)}


def test_ai_assist_is_right_far_more_often_than_the_majority_would_be(told):
    step = told["ai-assist"]
    truth = [
        (row["values"]["category"], TRUE_CATEGORY[row["values"]["name"]]) for row in step.changed("products")
    ]
    right = sum(guess == true for guess, true in truth) / len(truth)
    result = step.job.result
    assert result["held_out"] == 56
    assert result["accuracy"] > 0.55
    assert result["majority"] < 0.2
    assert right > 0.6
    assert f"{result['accuracy']:.0%} right" in outcome(step)["message"]


def test_export_writes_the_valid_records_to_xlsx(played, told):
    folder, step = played.folder, told["export-products"]
    with closing(openpyxl.load_workbook(folder / "products.xlsx", read_only=True)) as book:
        header, *rows = ([*row] for row in book.active.iter_rows(values_only=True))
    assert header == ["SKU", "Name", "Description", "Category", "Price", "Stock", "Added", "Supplier"]
    keys = ["sku", "name", "description", "category", "price", "stock", "added", "supplier"]
    valid = [row["values"] for row in step.after["products"] if not row["problems"]]
    assert len(valid) > 300
    found = [{**dict(zip(keys, row, strict=True)), "added": row[6] and f"{row[6]:%Y-%m-%d}"} for row in rows]
    assert found == valid
    assert step.after == step.before
    assert outcome(step)["next"]["fileName"] == "products.xlsx"


def test_export_writes_all_records_to_csv_and_what_is_wrong_with_them(played, told):
    folder, step = played.folder, told["export-orders"]
    text = (folder / "orders.csv").read_bytes().decode("utf-8-sig")
    header, *rows = csv.reader(io.StringIO(text))
    assert header == [
        "Number",
        "Ordered",
        "SKU",
        "Quantity",
        "Customer",
        "E-mail",
        "Country",
        "Paid",
        "Note",
        "Problems",
    ]
    for cells, row in zip(rows, step.after["orders"], strict=True):
        wanted = ["" if value is None else str(value) for value in row["values"].values()]
        wanted[7] = wanted[7].lower()
        wanted[8] = wanted[8].replace("=neighbour", "'=neighbour")
        assert cells[:9] == wanted
        assert bool(cells[9]) == bool(row["problems"])
    assert any(cells[8] == "'=neighbour" for cells in rows)


def test_the_script_tells_the_story_to_its_end(tmp_path):
    told = subprocess.run(
        [sys.executable, str(ROOT / "examples" / "story.py"), "--keep", str(tmp_path / "kept")],
        env={**os.environ, "PYTHONPATH": str(ROOT), "TICKWIRE_AI_URL": ""},
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
    )
    assert told.returncode == 0, told.stdout + told.stderr
    lines = told.stdout.splitlines()
    assert [line for line in lines if line[:1].isdigit()] == [
        f"{number}. {step.wish}" for number, step in enumerate(story.STEPS, start=1)
    ]
    assert (
        lines[-1]
        == f"Downloaded to {(tmp_path / 'kept').resolve() / 'downloads'}: orders.csv, orders.xlsx, products.xlsx"
    )
    assert {path.name for path in (tmp_path / "kept").iterdir()} >= {"workbook.db", "downloads", "data"}


def test_the_script_begins_with_an_empty_folder(tmp_path, monkeypatch, capsys):
    (tmp_path / "old").touch()
    monkeypatch.setattr(sys, "argv", ["story.py", "--keep", str(tmp_path)])
    with pytest.raises(SystemExit):
        story.main()
    assert "is not empty" in capsys.readouterr().err
