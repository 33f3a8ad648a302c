"""``tickwire actions``."""

import json

import pytest
from buttons import WHOLE

FORM = '{"fields": [{"key": "title", "type": "string", "constraints": [{"type": "required"}]}]}'


@pytest.fixture
def made(tickwire):
    """An action that makes jobs workbook:export."""

    def make(*more):
        result = tickwire("actions", "create", "workbook:export", "--label", "Export", *more)
        assert result.exit_code == 0, result.output
        return result

    return make


def test_one_is_made_with_its_form_and_more(api, tickwire, made, tmp_path):
    (tmp_path / "form.json").write_text(FORM)
    more = '{"constraints": [{"type": "hasData"}]}'
    result = made(
        "--form", "@form.json", "--confirm", "--icon", "save", "--mode", "foreground", "--target", "us_wb_1", "--more", more
    )  # fmt: skip
    assert result.stdout == "us_ac_0000000001 makes jobs workbook:export.\n"
    sent = {
        name: api.actions[0][name] for name in ("label", "operation", "confirm", "icon", "mode", "targetId")
    }
    assert sent == {
        "label": "Export", "operation": "export", "confirm": True, "icon": "save", "mode": "foreground", "targetId": "us_wb_1"
    }  # fmt: skip
    assert api.actions[0]["mount"] == {"type": "workbook"}
    assert api.actions[0]["inputForm"]["fields"][0]["key"] == "title"
    assert api.actions[0]["constraints"] == [{"type": "hasData"}]
    assert "primary" not in api.actions[0]


@pytest.mark.parametrize(
    "arguments",
    [
        ("export", "--label", "Export"),
        ("workbook:export",),
        ("workbook:export", "--label", " "),
        ("workbook:export", "--label", "a", "--form", '{"fields": [{"key": "a", "type": "colour"}]}'),
        ("workbook:export", "--label", "a", "--more", '{"tool_tipp": "red"}'),
        ("workbook:export", "--label", "a", "--more", '{"operation": "map"}'),
        ("workbook:export", "--label", "a", "--form", "no json"),
        ("workbook:export", "--label", "a", "--more", '{"mount": {"type": "sheet"}}'),
        ("workbook:export", "--label", "a", "--more", '{"mount": {}}'),
    ],
)
def test_what_is_no_action_is_refused_before_it_is_sent(api, tickwire, arguments):
    result = tickwire("actions", "create", *arguments)
    assert (result.exit_code, api.actions) == (2, [])


def test_they_are_listed(api, tickwire, made):
    assert tickwire("actions").stdout == "There are no actions.\n"
    made()
    made("--target", "us_wb_1")
    assert tickwire("actions", "--target", "us_wb_1").stdout.splitlines()[1].split() == [
        "us_ac_0000000002", "Export", "workbook:export", "us_wb_1"
    ]  # fmt: skip
    assert len(json.loads(tickwire("actions", "list", "--json").stdout)) == 2
    assert tickwire("actions", "--domain", "sheet").stdout == "There are no actions.\n"


def test_one_is_shown_with_its_form_by_id_or_by_the_name_of_its_jobs(api, tickwire, made):
    made(
        "--more",
        json.dumps(
            {name: WHOLE[name] for name in ("inputForm", "description", "guide", "schedule", "constraints")}
        ),
    )
    shown = tickwire("actions", "show", "us_ac_0000000001").stdout
    assert shown == tickwire("actions", "show", "workbook:export").stdout
    for text in (
        "Writes the workbook",
        "**Choose** a format.",
        "daily",
        "hasAllValid",
        "one of csv, xlsx, 3, True",
        "100",
    ):
        assert text in shown
    assert json.loads(tickwire("actions", "show", "workbook:export", "--json").stdout)["label"] == "Export"


def test_a_name_alone_shows_it_with_its_tooltip(api, tickwire, made):
    made("--tooltip", "All sheets")
    shown = tickwire("actions", "workbook:export").stdout
    assert "tooltip      All sheets" in shown
    assert shown == tickwire("actions", "us_ac_0000000001").stdout


def test_a_misspelt_name_is_told_with_the_nearest(api, tickwire, made):
    made()
    refused = tickwire("actions", "run", "workbook:exprt")
    assert (refused.exit_code, "Did you mean workbook:export?" in refused.stderr) == (1, True)


def test_a_column_is_of_its_sheet(api, tickwire):
    made = tickwire(
        "actions", "create", "sheet:trim", "--label", "a", "--more", '{"mount": {"type": "field"}}'
    )
    assert made.exit_code == 0, made.output


def test_one_is_changed(api, tickwire, made):
    made("--tooltip", "All", "--confirm")
    changed = tickwire(
        "actions", "update", "workbook:export", "--label", "B", "--no-confirm", "--more", '{"tooltip": null}'
    )
    assert changed.stdout == "us_ac_0000000001 is changed: it makes jobs workbook:export.\n"
    assert api.changed == [{"label": "B", "confirm": False, "tooltip": None}]
    for wrong in ((), ("--more", '{"mount": {"type": "sheet"}}'), ("--more", '{"labl": 1}')):
        assert tickwire("actions", "update", "workbook:export", *wrong).exit_code == 2, wrong
    assert len(api.changed) == 1


def test_a_name_must_mean_one(api, tickwire, made):
    assert tickwire("actions", "show", "workbook:export").exit_code == 1
    made()
    made()
    result = tickwire("actions", "delete", "workbook:export")
    assert result.exit_code == 2
    assert "us_ac_0000000001, us_ac_0000000002" in result.stderr
    assert tickwire("actions", "delete", "us_ac_0000000001").stdout == "action us_ac_0000000001 is deleted.\n"
    assert json.loads(tickwire("actions", "delete", "workbook:export", "--json").stdout) == {
        "deleted": "us_ac_0000000002"
    }
    assert api.actions == []


# ---- run


def test_a_press_is_watched_to_its_outcome(api, tickwire, made):
    made()
    api.ending = {"status": "complete", "outcome": {"heading": "Done", "message": "All exported."}}
    subject = '{"type": "collection", "resource": "records"}'
    result = tickwire(
        "actions", "run", "workbook:export", "-i", "title=Orders", "--input-json", '{"rows": 5}', "--source", "us_wb_1", "--subject", subject
    )  # fmt: skip
    assert (result.exit_code, result.stdout) == (0, "Done\nAll exported.\n")
    assert api.pressed == [
        ("us_ac_0000000001", {"input": {"title": "Orders", "rows": 5}, "source": "us_wb_1", "subject": json.loads(subject)})
    ]  # fmt: skip


def test_what_the_form_takes_as_text_is_sent_as_text(api, tickwire, made):
    kinds = ["string", "textarea", "date", "number", "boolean"]
    fields = [{"key": kind, "type": kind} for kind in kinds]
    choices = [
        {"key": key, "type": "enum", "config": {"options": [{"value": value}]}}
        for key, value in (("year", "2026"), ("rank", 2))
    ]
    made("--form", json.dumps({"fields": fields + choices}))
    answers = [
        "string=2026",
        "textarea=true",
        "date=2026",
        "number=2026",
        "boolean=true",
        "year=2026",
        "rank=2",
        "other=3",
    ]
    tickwire("actions", "run", "workbook:export", *(word for one in answers for word in ("-i", one)))
    assert api.pressed[0][1]["input"] == {
        "string": "2026", "textarea": "true", "date": "2026", "number": 2026, "boolean": True, "year": "2026", "rank": 2, "other": 3
    }  # fmt: skip


def test_without_a_form_the_job_type_says_what_is_text(api, tickwire, made):
    made()
    api.types["workbook:export"] = {
        "code": "workbook:export", "name": "workbook:export", "domain": "workbook", "operation": "export", "modes": ["full"],
        "online": True, "builtIn": False, "needsFile": False, "inputForm": {"fields": []}, "updatedAt": "2026-01-01T12:00:00.000Z",
        "inputSchema": {"properties": {"title": {"type": "string"}}},
    }  # fmt: skip
    tickwire("actions", "run", "workbook:export", "-i", "title=2026", "-i", "rows=5")
    assert api.pressed[0][1]["input"] == {"title": "2026", "rows": 5}


@pytest.mark.parametrize(("status", "code"), [("failed", 1), ("canceled", 2)])
def test_the_exit_code_tells_how_it_ended(api, tickwire, made, status, code):
    made()
    api.ending = {"status": status}
    assert tickwire("actions", "run", "workbook:export").exit_code == code


def test_it_need_not_be_watched(api, tickwire, made):
    made()
    assert tickwire("actions", "run", "workbook:export", "--detach").stdout == "us_jb_0000000001\n"
    shown = tickwire("actions", "run", "workbook:export", "--detach", "--json").stdout
    assert json.loads(shown)["id"] == "us_jb_0000000002"
    assert api.subscriptions == []


def test_all_that_is_wrong_is_told(api, tickwire, made):
    made()
    api.problems = [{"code": "invalid", "message": f"input.{name}: is wrong."} for name in ("rows", "title")]
    result = tickwire("actions", "run", "workbook:export")
    assert result.exit_code == 1
    assert result.stderr == "error: input.rows: is wrong.\ninput.title: is wrong.\n"


def test_one_that_asks_first_is_agreed_to(api, tickwire, made, monkeypatch):
    made("--confirm", "--description", "Exports all.")
    assert tickwire("actions", "run", "workbook:export").exit_code == 2
    assert tickwire("actions", "run", "workbook:export", "--yes").exit_code == 0
    monkeypatch.setattr("click.testing._NamedTextIOWrapper.isatty", lambda _: True, raising=False)
    refused = tickwire("actions", "run", "workbook:export", typed="n\n")
    assert refused.exit_code == 1
    assert "Exports all." in refused.stderr
    assert tickwire("actions", "run", "workbook:export", typed="y\n").exit_code == 0
    assert [body for _, body in api.pressed] == [{"confirm": True}] * 2
