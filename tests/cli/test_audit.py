import json

import pytest

AT = "2026-01-01T12:00:00.000Z"


@pytest.fixture
def lines(api):
    api.audit += [
        {"id": f"us_au_{n}", "at": AT, "actor": "us_key_1", "address": "10.0.0.7", "action": "job:canceled",
         "target": f"us_jb_{n}", "before": {"status": "ready"}, "after": {"status": "canceled", "n": n}}
        for n in (3, 2, 1)
    ]  # fmt: skip
    return api


def test_acts_are_listed_with_what_they_changed(lines, tickwire):
    result = tickwire("audit", "--limit", "1")
    (first,) = result.stdout.splitlines()[1:]
    assert "job:canceled  us_jb_3  status ready > canceled, n - > 3" in first
    assert result.stderr == "Only the newest 1 act of more: see --limit and --all.\n"
    for enough in (("--limit", "3"), ("--all",)):
        result = tickwire("audit", *enough)
        assert (len(result.stdout.splitlines()), result.stderr) == (4, "")
    found = json.loads(tickwire("audit", "--json").stdout)
    assert [line["target"] for line in found] == ["us_jb_3", "us_jb_2", "us_jb_1"]


def test_there_may_be_none(api, tickwire):
    assert tickwire("audit").stdout == "There are no such acts.\n"


def test_options_become_filters(lines, tickwire):
    tickwire(
        "audit",
        "--actor",
        "us_key_1",
        "--action",
        "job:*",
        "--target",
        "us_jb_3",
        "--since",
        "2026-01-01",
        "--until",
        "1s",
    )
    (asked,) = lines.lists
    assert {name: asked[name] for name in ("actor", "action", "target", "pageSize")} == {
        "actor": "us_key_1", "action": "job:*", "target": "us_jb_3", "pageSize": "51",
    }  # fmt: skip
    assert asked["since"] < asked["until"]


def test_actors_are_shown_with_their_names_and_asked_for_by_e_mail(lines, tickwire):
    tickwire("members", "add", "Ada", "--email", "ada@example.com")
    lines.audit[0]["actor"] = "us_mem_1"
    assert "us_mem_1 (Ada)" in tickwire("audit", "--actor", "ada@example.com").stdout
    assert lines.lists[-1]["actor"] == "us_mem_1"
    tickwire("definitions", "create", "nightly", "--type", "b")
    lines.audit[0]["target"] = "us_def_0000000001"
    assert "us_def_0000000001 (nightly)" in tickwire("audit").stdout
    lines.audit[0] |= {"target": "us_def_0000000009", "before": {"jobDefinitionCode": "gone"}, "after": None}
    assert "us_def_0000000009 (gone)" in tickwire("audit").stdout
    refused = tickwire("audit", "--actor", "nobody@example.com")
    assert "No member of this space has the e-mail nobody@example.com" in refused.stderr
    tickwire("audit", "--deleted-space", "acme")
    assert lines.lists[-1]["deletedSpace"] == "acme"


def test_an_export_that_cannot_be_written_is_one_line(lines, tickwire, tmp_path):
    out = tmp_path / "nowhere" / "audit.csv"
    result = tickwire("audit", "export", "--format", "csv", "--out", str(out))
    assert (result.exit_code, result.stderr) == (
        1,
        f"error: {out} cannot be written: No such file or directory.\n",
    )


def test_an_export_goes_to_a_file_or_to_standard_output(lines, tickwire, tmp_path):
    out = tmp_path / "audit.csv"
    result = tickwire("audit", "export", "--format", "csv", "--out", str(out), "--action", "job:*")
    assert out.read_text() == "exported csv job:*"
    assert result.stderr == f"wrote {out}\n"
    assert tickwire("audit", "export", "--format", "jsonl", "--out", "-").stdout == "exported jsonl None"


@pytest.mark.parametrize(
    "args",
    [("--since", "soon"), ("--limit", "0"), ("export", "--out", "x"), ("export", "--format", "csv")],
)
def test_what_means_nothing_is_refused(api, tickwire, args):
    assert tickwire("audit", *args).exit_code == 2
