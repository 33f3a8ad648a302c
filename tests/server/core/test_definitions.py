"""A definition's row: what it says, how it changes, what readers see."""

import pytest

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.definitions import (
    Definition,
    DefinitionCreate,
    DefinitionUpdate,
    DefinitionVersion,
)
from server.core.definitions import (
    changed_definition,
    definition_facts,
    definition_wire,
    new_definition,
    version_wire,
)

NOW = 1_767_225_600_000


def row(*, enabled=True, **fields):
    body = {"jobDefinitionCode": "a", "jobType": "export", "params": {"url": "x", "none": None}, **fields}
    return new_definition(7, 1, DefinitionCreate.model_validate(body), NOW, "us_key_1", enabled=enabled)


def changed(before, **fields):
    return changed_definition(before, DefinitionUpdate.model_validate(fields), NOW + 5, "us_key_2")


def test_a_new_one_says_what_its_body_said():
    made = row(target="t", modes={"default": "delta", "delta": {"startDate": "2026-01-31"}})
    assert (made.name, made.version, made.enabled, made.target) == ("a", 1, 1, "t")
    assert made.recipe.params == {"url": "x", "none": None}
    assert made.recipe.modes == {
        "default": "delta",
        "delta": {"startDate": "2026-01-31T00:00:00.000Z"},
        "onPartial": "keep",
    }
    assert row(enabled=False).enabled == 0
    assert new_definition(
        1, 1, DefinitionCreate(job_definition_code="a", job_type="b", enabled=True), NOW, "k", enabled=False
    ).enabled


def test_what_was_read_once_is_not_read_again():
    assert row().recipe is row().recipe
    large = row(params={"a": "x" * 9_000})
    assert large.recipe is not large.recipe
    assert large.recipe.params == {"a": "x" * 9_000}


def test_it_is_known_whether_there_may_be_a_template():
    assert [row(params={"a": text}).recipe.is_template for text in ("{{ event }}", "{ a }")] == [True, False]
    assert row(params={}, triggers=[{"topic": "a:b", "params": {"a": "{{ event }}"}}]).recipe.is_template


def test_what_triggers_give_is_known():
    triggers = [{"topic": "a:b", "params": {"a": 1}}, {"topic": "c:d", "params": {"b": 1}}, {"topic": "e:f"}]
    assert row(triggers=triggers).recipe.given_by_triggers == {"a", "b"}


def test_a_change_that_changes_nothing_is_none():
    before = row(target="t")
    assert changed(before, target="t", name="a", enabled=True, params={"url": "x", "none": None}) is before


@pytest.mark.parametrize(
    ("fields", "version"),
    [
        ({"name": "b"}, 1),
        ({"description": "b"}, 1),
        ({"enabled": False}, 1),
        ({"params": {}}, 2),
        ({"target": "t"}, 2),
        ({"options": {"sendFailureEmail": True}}, 2),
        ({"schedule": {"cron": "* * * * *"}}, 2),
        ({"triggers": [{"topic": "a:b"}]}, 2),
        ({"modes": {"onPartial": "advance"}}, 2),
        ({"jobType": "other"}, 2),
    ],
)
def test_what_jobs_are_made_of_has_a_version(fields, version):
    after = changed(row(), **fields)
    assert (after.version, after.updated_at, after.updated_by, after.created_at) == (
        version,
        NOW + 5,
        "us_key_2",
        NOW,
    )


def test_columns_follow_the_body():
    after = changed(row(target="t"), jobType="other", target=None)
    assert (after.type_code, after.target) == ("other", None)
    assert after.recipe.facts["jobType"] == "other"


def test_the_same_change_twice_gives_the_same_text():
    first = changed(row(), params={"b": 1}, target="t")
    assert changed(changed(first, target="u"), target="t").body == first.body


def test_triggers_count_since_they_are_as_they_are():
    before = row(triggers=[{"topic": "a:b"}])
    assert before.triggers_at == NOW
    assert changed(before, params={}).triggers_at == NOW
    assert changed(before, triggers=[{"topic": "a:c"}]).triggers_at == NOW + 5
    assert changed(before, enabled=False).triggers_at is None
    assert (before.patterns, changed(before, triggers=[{"topic": "a:c, **"}]).patterns) == (1, 2)
    assert changed(row(enabled=False, triggers=[{"topic": "a:b"}]), enabled=True).triggers_at == NOW + 5


def test_it_has_a_largest_size():
    with pytest.raises(Refusal) as caught:
        row(params={"a": "x" * 262_144})
    assert (caught.value.code, caught.value.key) == ("too_large", "definition")
    with pytest.raises(Refusal):
        changed(row(), params={"a": "x" * 262_144})


def test_readers_see_all_but_what_is_not_there():
    shown = definition_wire(row(target="t"))
    assert "schedule" not in shown
    assert "lastJob" not in shown
    read = Definition.model_validate(shown)
    assert (read.id, read.job_definition_code, read.job_type, read.target) == (
        shown["id"],
        "a",
        "export",
        "t",
    )
    assert definition_facts(row()).keys() >= {"name", "enabled", "params", "version"}


def test_a_version_is_what_jobs_were_made_of():
    made = row()
    shown = version_wire(3, made.body, NOW, "us_key_1")
    assert (shown["version"], shown["params"]) == (3, {"url": "x", "none": None})
    assert DefinitionVersion.model_validate(shown).actor == "us_key_1"
