"""Spaces: what a body makes of one, and what readers see."""

import pytest

from listener_sdk.protocol import spaces as wire
from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.spaces import SpaceCreate, SpaceUpdate
from server.core.retention import DAY_MS, Retention, Spans
from server.core.spaces import changed_space, check_active, differences, new_space, space_wire, spans_of

NOW = 1_767_225_600_000


def space(**fields):
    return new_space(7, SpaceCreate.model_validate({"name": "Acme", **fields}), NOW)


def update(of, **fields):
    return changed_space(of, SpaceUpdate.model_validate(fields), NOW + 5)


def test_a_space_is_shown_whole_and_as_flatfile_knows_it():
    made = space(
        timeZone="Europe/Paris", linkTemplate="https://a.example/{type}/{id}", retention={"jobDays": 2}
    )
    shown = space_wire(made)
    assert wire.Space.model_validate(shown).model_dump(mode="json", exclude={"created_at", "updated_at"}) == {
        "id": "us_sp_acme",
        "code": "acme",
        "name": "Acme",
        "environmentId": "us_env_acme",
        "status": "active",
        "timeZone": "Europe/Paris",
        "linkTemplate": "https://a.example/{type}/{id}",
        "retention": {"jobDays": 2.0, "fileDays": None},
        "archivedAt": None,
        "guestAuthentication": [],
    }


def test_what_is_sent_changes_and_the_rest_stays():
    before = space(timeZone="Europe/Paris", retention={"jobDays": 2, "fileDays": 3})
    after = update(before, name="Acme Ltd")
    assert (after.name, after.time_zone, after.job_ms, after.file_ms) == (
        "Acme Ltd",
        "Europe/Paris",
        2 * DAY_MS,
        3 * DAY_MS,
    )
    assert (after.code, after.updated_at, after.created_at) == ("acme", NOW + 5, NOW)
    assert update(before, retention={"fileDays": 1}).job_ms is None
    assert update(before, retention=None).file_ms is None
    assert update(before, name=None, timeZone=None) is before


def test_a_link_template_is_taken_away_by_null():
    before = space(linkTemplate="https://a.example/{id}")
    assert update(before, linkTemplate=None).link_template is None


def test_an_archived_space_keeps_the_time_of_its_archiving():
    first = update(space(), archived=True)
    assert (first.archived_at, space_wire(first)["status"]) == (NOW + 5, "archived")
    assert changed_space(first, SpaceUpdate(archived=True), NOW + 9) is first
    assert update(first, archived=False).archived_at is None


def test_the_differences_are_told_as_readers_see_them():
    before = space()
    assert differences(before, update(before, name="B", archived=True)) == (
        {"name": "Acme", "status": "active", "archivedAt": None},
        {"name": "B", "status": "archived", "archivedAt": "2026-01-01T00:00:00.005Z"},
    )


def test_nothing_begins_in_an_archived_space():
    check_active(space())
    with pytest.raises(Refusal) as caught:
        check_active(update(space(), archived=True))
    assert (caught.value.code, caught.value.error.status) == ("space_archived", 409)


def test_a_space_keeps_things_as_long_as_it_says_or_as_the_server_does():
    rules = Retention()
    assert spans_of([space()], rules) == (Spans(rules.job_ms), Spans(rules.file_ms))
    jobs, files = spans_of([space(retention={"jobDays": 1.5})], rules)
    assert (jobs.of(space().id), jobs.of(99)) == (DAY_MS * 3 // 2, rules.job_ms)
    assert files == Spans(rules.file_ms)
