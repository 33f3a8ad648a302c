"""What goes on by itself after the story of the shop: the import in full and in delta, the clean-up by an event, the call of a web service.

What is expected comes from the maker of the files and from what is written here, never from the examples' own code.
"""

import pytest
from played_story import counts, facts

from tests.data.shop import make

pytestmark = pytest.mark.must_run

FIELDS = ("number", "ordered", "sku", "quantity", "customer", "email", "country", "paid", "note")
VERSIONS = make.web_orders()
TOKENS = ("open-sesame", "open-barley")


def moment(text):
    """As a watermark is kept."""
    return text.replace("Z", ".000000Z")


def feed(day, since=""):
    """The web shop's orders at the end of a day, each as it is then, that have changed since some moment; the oldest change first."""
    newest = {order["number"]: order for order in VERSIONS if order["updated_at"] <= f"{day}T24"}
    return sorted(
        (one for one in newest.values() if one["updated_at"] >= since), key=lambda one: one["updated_at"]
    )


def values(order):
    return {key: order[key] for key in FIELDS}


def imported(step, orders, *, new, changed):
    """The sheet is as it was but for these orders: those that it had are changed where they stand, the others come at the end."""
    before = {row["values"]["number"]: row for row in step.before["orders"]}
    given = {order["number"]: order for order in orders}
    wanted = [values(given[number]) if number in given else row["values"] for number, row in before.items()]
    wanted += [values(order) for order in orders if order["number"] not in before]
    assert step.values("orders") == wanted
    assert len(step.after["orders"]) == len(step.before["orders"]) + new
    kept = {row["id"]: row for row in step.after["orders"]}
    touched = [number for number, row in before.items() if kept[row["id"]] != row]
    assert touched == [number for number in before if number in changed]
    assert step.after["products"] == step.before["products"]
    done = step.job.result
    assert (done["new"], done["changed"], done["unchanged"]) == (
        new,
        len(changed),
        len(orders) - new - len(changed),
    )
    assert counts(step) == {"total": len(orders), "ok": len(orders), "failed": 0, "skipped": 0}


def problems(step):
    return {
        row["values"]["number"]: row["problems"]
        for row in step.after["orders"]
        if row["problems"] and row["values"]["number"].startswith("W-")
    }


def test_the_first_run_is_full_from_the_start_date_on(told):
    step = told["import-first"]
    orders = feed("2025-06-03", "2025-06-01")
    assert len(orders) == 25, "more than one page"
    imported(step, orders, new=25, changed=[])
    assert (step.job.run_mode, step.job.definition) == ("full", "orders-import")
    assert step.job.watermark == {
        "since": "2025-06-01T00:00:00.000Z", "version": 0, "to": moment("2025-06-03T21:57:00Z"), "moved": True,
    }  # fmt: skip
    assert problems(step) == {"W-031": {"country": "is none of the options"}}


def test_a_delta_run_brings_only_what_is_new_and_changed(told):
    step = told["import-delta"]
    orders = feed("2025-06-04", "2025-06-03T21:57:00Z")
    imported(step, orders, new=6, changed=["W-021", "W-031"])
    assert [order["number"] for order in orders] == [
        "W-040", "W-041", "W-010", "W-042", "W-021", "W-043", "W-031", "W-044", "W-045",
    ]  # fmt: skip
    assert step.job.run_mode == "delta"
    assert step.job.watermark == {
        "since": moment("2025-06-03T21:57:00Z"), "version": 1, "to": moment("2025-06-04T15:52:00Z"), "moved": True,
    }  # fmt: skip
    assert problems(step) == {}


def test_a_failed_run_changes_nothing_and_leaves_the_watermark(told):
    step = told["import-locked-out"]
    assert step.after == step.before
    assert (step.job.run_mode, step.job.attempt) == ("delta", 1)
    assert step.job.watermark == {"since": moment("2025-06-04T15:52:00Z"), "version": 2}
    assert "The shop does not know the token (401)" in step.job.outcome["message"]


def test_the_next_run_brings_what_the_failed_one_would_have_brought(told):
    step = told["import-mended"]
    imported(step, feed("2025-06-05", "2025-06-04T15:52:00Z"), new=0, changed=["W-032", "W-042"])
    assert step.job.watermark == {
        "since": moment("2025-06-04T15:52:00Z"), "version": 2, "to": moment("2025-06-05T13:41:30Z"), "moved": True,
    }  # fmt: skip


def test_a_full_run_reads_all_and_writes_only_what_differs(played, told):
    step = told["import-all"]
    orders = feed("2025-06-05")
    assert len(orders) == 45
    imported(step, orders, new=14, changed=[])
    assert (step.job.run_mode, step.job.watermark["since"]) == ("full", None)
    assert played.later["watermark"].value == moment("2025-06-05T13:41:30Z")
    found = {row["values"]["number"]: row["values"] for row in step.after["orders"]}
    assert {number: row for number, row in found.items() if number.startswith("W-")} == {
        order["number"]: values(order) for order in orders
    }


def started(played, code):
    """Which events have started jobs of a definition, in the order of the jobs."""
    jobs = sorted((job for job in played.jobs if job.definition == code), key=lambda job: job.id)
    return [job.started_by["eventId"] for job in jobs]


def test_an_event_removes_the_products_that_it_names_and_no_others(played, told):
    step = told["remove-assets"]
    gone = [row for row in step.before["products"] if row["values"]["sku"] in {"TOO-001", "TOY-012"}]
    assert len(gone) == 2
    assert step.after["products"] == [row for row in step.before["products"] if row not in gone]
    assert step.after["orders"] == step.before["orders"]
    assert step.job.input == {
        "at_most": 50,
        "skus": ["TOO-001", "toy-012", "OLD-1"],
        "sheet": "products",
        "field": "sku",
    }
    assert (step.job.result["removed"], step.job.result["missing"]) == (2, ["OLD-1"])
    copied = [(int(line["record"]), line["sku"], line["name"]) for line in played.later["copy"]]
    assert copied == [(row["id"], row["values"]["sku"], row["values"]["name"]) for row in gone]


def test_the_clean_up_says_which_event_has_started_it(played, told):
    [event] = [one for one in played.events if one.topic == "shop:products-removed"]
    job = told["remove-assets"].job
    assert job.started_by == {
        "kind": "event",
        "eventId": event.id,
        "topic": "shop:products-removed",
        "trigger": 0,
    }
    assert started(played, "remove-assets") == [event.id]


def test_each_event_starts_one_clean_up_and_none_while_it_is_disabled(played, told):
    later = played.later
    assert len({*later["events"]}) == 1, "it was published twice under one key"
    assert [job.id for job in later["clean-ups"]] == [later["second"].id, told["remove-assets"].job.id]
    assert (later["second"].result["removed"], later["second"].result["missing"]) == (1, ["TOO-001"])
    skus = [row["values"]["sku"] for row in later["products"]]
    assert skus == [
        row["values"]["sku"]
        for row in told["tell-webshop"].after["products"]
        if row["values"]["sku"] != "GAR-001"
    ]
    assert "GAR-002" in skus


def test_the_web_shop_is_told_of_the_export(played, told):
    export, call = told["press-export"].job, told["tell-webshop"].job
    assert played.later["exports"] == {
        export.id: {
            "job": export.id, "file": "orders.xlsx", "records": 345, "text": "Export ready: orders.xlsx has 345 records of Orders.",
        }
    }  # fmt: skip
    assert (call.result["status"], call.result["body"]) == (201, {"received": "orders.xlsx", "exports": 1})
    [completed] = [
        event for event in played.events if event.topic == "job:completed" and event.job_id == export.id
    ]
    assert started(played, "tell-webshop") == [completed.id]
    assert call.depth == 1
    assert told["tell-webshop"].after == told["tell-webshop"].before


def test_the_token_stands_nowhere(played, told):
    call = told["tell-webshop"].job
    assert call.input["headers"] == {"Authorization": "Bearer {{ secrets.webshop_token }}"}
    kept = [
        *(job.model_dump_json() for job in played.jobs),
        *(event.model_dump_json() for event in played.events),
    ]
    assert len(kept) > 100
    assert [text for text in kept if any(token in text for token in TOKENS)] == []


def test_a_button_makes_its_job(played, told):
    step = told["press-export"]
    shown = [(one.label, one.job) for one in played.later["actions"]]
    assert shown == [
        ("Set up the workbook", "space:configure"),
        ("Export", "workbook:export"),
        ("Find and replace", "sheet:find-replace"),
    ]
    assert step.job.started_by == {"kind": "action", "actionId": played.later["actions"][1].id}
    assert (step.job.input["sheet"], step.job.input["format"]) == ("orders", "xlsx")
    assert [facts(row) for row in step.after["orders"]] == [facts(row) for row in step.before["orders"]]


def test_setting_up_once_more_changes_nothing_and_takes_a_developer(played):
    assert played.later["again"] == [
        "definition orders-import: as it was",
        "definition remove-assets: as it was",
        "definition tell-webshop: as it was",
        "definition watch-webshop: as it was",
        "button Set up the workbook: as it was",
        "button Export: as it was",
        "button Find and replace: as it was",
    ]
    assert played.later["refused"] == "forbidden"
