"""By what runs are found, and where they stand."""

from dataclasses import replace

import orjson
import pytest

from server.core.missed import Missed
from server.core.runs import (
    NEWEST,
    Facets,
    Place,
    chosen,
    facets_of,
    mode_of,
    place_of_job,
    place_of_missed,
    result_of,
    schedule_of,
)

HEAD = {"jobType": "export", "definition": "nightly"}
SCHEDULED = {"kind": "schedule", "scheduleId": "us_sch_0000000007", "name": 'q",'}


def described(job, **spec):
    return replace(job, spec=orjson.dumps(spec).decode(), definition_id=3)


@pytest.mark.parametrize(
    ("spec", "facets"),
    [
        ({**HEAD, "startedBy": {"kind": "person"}}, ("running", "full", "person")),
        ({**HEAD, "runMode": "delta", "startedBy": SCHEDULED}, ("running", "delta", "schedule")),
        ({**HEAD, "modes": {"asked": "delta"}, "startedBy": SCHEDULED}, ("running", None, "schedule")),
        (
            {
                "tags": ['a,"startedBy":'],
                **HEAD,
                "modes": {"asked": "full"},
                "startedBy": SCHEDULED,
                "runMode": "full",
            },
            ("running", "full", "schedule"),
        ),
        ({**HEAD, "input": {"startedBy": {"kind": "hook"}, "runMode": "delta"}}, ("running", "full", "api")),
    ],
)
def test_facets_are_read_of_the_description(job, spec, facets):
    row = described(job, **spec)
    assert facets_of(row, "running", row.origin, is_settled=True) == Facets(*facets).text
    unsettled = facets_of(row, "running", row.origin, is_settled=False)
    assert unsettled == Facets(*facets)._replace(mode=None if row.run_modes else facets[1]).text
    assert Facets.read(Facets(*facets).text) == facets
    again = replace(row, rerun_of=1)
    assert facets_of(again, "running", again.origin, is_settled=False).endswith(" retry")
    assert schedule_of(again.origin) == schedule_of(row.origin) == (7 if facets[2] == "schedule" else None)


def test_a_mode_that_is_not_settled_is_none(job):
    assert mode_of(described(job, **HEAD, modes={"asked": "full"})) is None
    assert mode_of(described(job, **HEAD)) == "full"


@pytest.mark.parametrize(
    ("status", "outcome", "result"),
    [
        ("ready", None, "running"),
        ("executing", None, "running"),
        ("complete", None, "success"),
        ("complete", '{"result":"partial"}', "partial"),
        ("failed", '{"result":"partial"}', "failed"),
        ("canceled", None, "canceled"),
    ],
)
def test_results(job, status, outcome, result):
    assert result_of(replace(job, status=status, outcome=outcome)) == result


def test_filters_choose_among_the_facets_that_are_there():
    there = ["failed full api", "running - schedule", "success delta schedule", "success full api"]
    none = frozenset()
    assert chosen(there, none, none, none) == there
    assert chosen(there, frozenset({"success", "failed"}), frozenset({"full"}), none) == [there[0], there[3]]
    assert chosen(there, none, none, frozenset({"schedule"})) == [there[1], there[2]]
    assert chosen(there, none, frozenset({"full", "delta"}), frozenset({"person"})) == []


def test_places_stand_in_one_order_and_come_back_of_their_cursor():
    missed = Missed(7, 4, 1, 3, 5, None, "skipped", None, 1, None)
    order = [
        NEWEST, place_of_job(6, 1), place_of_job(5, 9), place_of_job(5, 8), place_of_missed(missed._replace(schedule_id=8)),
        place_of_missed(missed), place_of_missed(missed._replace(due_at=3)), place_of_job(4, 99),
    ]  # fmt: skip
    assert sorted(order, reverse=True) == order
    assert [Place.read(place.text) for place in order] == order
    assert order[1].text.startswith("us_run_")
    for wrong in ("", "us_run_", "us_jb_0000000001", order[1].text[:-1], order[1].text + "0" * 10, order[1].text.replace("us_", "xx_")):  # fmt: skip
        assert Place.read(wrong) is None
