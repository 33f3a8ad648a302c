import sqlite3
import threading

import pytest

from listener_sdk import Fatal
from workbook import Condition, Field, Sheet, Style, Workbook, has_decimal_commas, matcher
from workbook.values import read

SHEET = Sheet(
    key="parts",
    fields=[
        Field(key="code", required=True, unique=True),
        Field(key="price", type="number", minimum=0),
        Field(key="kind", type="enum", options=["nut", "bolt"]),
    ],
)


@pytest.fixture
def book(tmp_path):
    ticks = iter(range(1_000, 100_000, 1_000))
    with Workbook(tmp_path / "parts.db", lambda: next(ticks)) as opened:
        opened.once("setup", lambda change: change.define(SHEET) or {})
        yield opened


def insert(book, job, *rows):
    def work(change):
        return {"ids": [change.insert(SHEET, row) for row in rows]}

    return book.once(job, work)["ids"]


def shown(book):
    return [(row.values["code"], row.problems, row.version, row.updated_ms) for row in book.records("parts")]


def test_a_job_changes_the_workbook_once(book):
    first = insert(book, "job 1", {"code": "A"}, {"code": "B"})
    again = insert(book, "job 1", {"code": "C"})
    assert (first, again) == ([1, 2], [1, 2])
    assert shown(book) == [("A", {}, 2, 2_000), ("B", {}, 2, 2_000)]


def test_what_raises_changes_nothing_and_may_be_done_again(book):
    def half(change):
        change.insert(SHEET, {"code": "A"})
        raise KeyError("half way")

    with pytest.raises(KeyError):
        book.once("job 1", half)
    assert book.count("parts") == 0
    assert insert(book, "job 1", {"code": "B"}) == [1]


def test_of_two_attempts_at_once_one_does_the_work(tmp_path):
    ready, done = threading.Barrier(2), []

    def attempt():
        with Workbook(tmp_path / "parts.db") as book:
            book.once("setup", lambda change: change.define(SHEET) or {})
            ready.wait(30)
            done.append(insert(book, "job 1", {"code": "A"}))

    Workbook(tmp_path / "parts.db").__exit__()
    threads = [threading.Thread(target=attempt) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert done == [[1], [1]]
    with Workbook(tmp_path / "parts.db") as book:
        assert book.count("parts") == 1


def test_an_update_that_changes_nothing_writes_nothing(book):
    insert(book, "job 1", {"code": "A", "price": 2})
    (record,) = book.records("parts")
    book.once("job 2", lambda change: {"same": change.update(record, {"price": 2}) is record})
    assert shown(book) == [("A", {}, 2, 2_000)]
    book.once("job 3", lambda change: change.update(record, {"price": 3}) and {})
    assert shown(book) == [("A", {}, 4, 4_000)]


def test_the_second_of_two_that_are_alike_is_marked_for_as_long_as_there_are_two(book):
    insert(book, "job 1", {"code": "A"})
    insert(book, "job 2", {"code": "A"}, {"code": None})
    assert [problems for _, problems, *_ in shown(book)] == [
        {},
        {"code": "is there already, in record 1"},
        {"code": "is missing"},
    ]
    second = book.records("parts")[1]
    book.once("job 3", lambda change: change.update(second, {"price": 1}) and {})
    assert "already" in book.records("parts")[1].problems["code"]
    book.once("job 4", lambda change: {"gone": change.delete(book.records("parts", 1, 1))})
    assert [record.problems for record in book.records("parts")] == [{}, {"code": "is missing"}]


def test_fields_become_unique_and_cease_to_be(book):
    insert(book, "job 1", {"code": "A", "price": 1}, {"code": "B", "price": 1})
    code, price, kind = SHEET.fields
    for number, (fields, problems) in enumerate(
        [
            (
                [code, price.model_copy(update={"unique": True}), kind],
                {"price": "is there already, in record 1"},
            ),
            ([code, price, kind], {}),
        ]
    ):
        changed = SHEET.model_copy(update={"fields": fields})
        book.once(f"define {number}", lambda change, changed=changed: change.define(changed) or {})
        assert [record.problems for record in book.records("parts")] == [{}, problems]


def test_the_next_of_those_alike_takes_the_place_of_the_first(book):
    insert(book, "job 1", {"code": "A"}, {"code": "A"}, {"code": "A"})
    book.once("job 2", lambda change: {"gone": change.delete(book.records("parts", 1, 1))})
    assert [record.problems for record in book.records("parts")] == [
        {},
        {"code": "is there already, in record 2"},
    ]
    first, _ = book.records("parts")
    book.once("job 3", lambda change: change.update(first, {"code": "B"}) and {})
    assert [record.problems for record in book.records("parts")] == [{}, {}]


def test_a_note_stays_until_its_field_changes(book):
    insert(book, "job 1", {"code": "A"})
    (record,) = book.records("parts")
    book.once(
        "job 2", lambda change: change.update(record, {"kind": "nut"}, {"kind": {"by": "a model"}}) and {}
    )
    (record,) = book.records("parts")
    book.once("job 3", lambda change: change.update(record, {"price": 1}) and {})
    (record,) = book.records("parts")
    assert record.notes == {"kind": {"by": "a model"}}
    book.once("job 4", lambda change: change.update(record, {"kind": "bolt"}) and {})
    assert book.records("parts")[0].notes == {}


def test_new_fields_read_the_records_anew(book):
    insert(book, "job 1", {"code": "7"}, {"code": "1,50"}, {"code": "x"})
    numbers = SHEET.model_copy(update={"fields": [Field(key="code", type="number")]})
    book.once("job 2", lambda change: change.define(numbers) or {})
    found = [(record.values, record.problems) for record in book.records("parts")]
    assert found == [
        ({"code": 7.0}, {}),
        ({"code": "1,50"}, {"code": "is not a number"}),
        ({"code": "x"}, {"code": "is not a number"}),
    ]


def test_what_there_is_not_is_named_beside_what_there_is(book):
    with pytest.raises(Fatal, match=r"no sheet 'bolts'; there are: parts"):
        book.sheet("bolts")
    with pytest.raises(Fatal, match=r"no field 'colour'; it has: code, price, kind"):
        SHEET.field("colour")


def test_the_file_is_a_plain_sqlite_database(book, tmp_path):
    insert(book, "job 1", {"code": "A"})
    with sqlite3.connect(tmp_path / "parts.db") as database:
        assert database.execute("SELECT COUNT(*) FROM record").fetchone() == (1,)
    database.close()


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ({"field": "code", "value": "B"}, ["B"]),
        ({"field": "code", "test": "differs", "value": "B"}, ["A", "Cc"]),
        ({"field": "code", "test": "contains", "value": "C"}, ["Cc"]),
        ({"field": "code", "test": "in", "value": ["A", "B"]}, ["A", "B"]),
        ({"field": "price", "test": "below", "value": 2}, ["A"]),
        ({"field": "price", "test": "above", "value": 1}, ["B"]),
        ({"field": "kind", "test": "is-empty"}, ["B", "Cc"]),
        ({"field": "kind", "test": "is-filled"}, ["A"]),
        ({"test": "is-invalid"}, ["Cc"]),
        ({"field": "price", "test": "is-invalid"}, ["Cc"]),
        ({"field": "code", "test": "is-invalid"}, []),
    ],
)
def test_conditions_say_which_records_are_meant(book, condition, found):
    insert(
        book,
        "job 1",
        {"code": "A", "price": 1, "kind": "nut"},
        {"code": "B", "price": 2},
        {"code": "Cc", "price": "much"},
    )
    meant = matcher([Condition.model_validate(condition)], SHEET)
    assert [record.values["code"] for record in book.records("parts") if meant(record)] == found


@pytest.mark.parametrize(
    "condition", [{"test": "equals"}, {"field": "code", "test": "in", "value": "A"}, {"test": "like"}]
)
def test_conditions_that_make_no_sense_are_refused(condition):
    with pytest.raises(ValueError):
        Condition.model_validate(condition)


@pytest.mark.parametrize(
    "sheet",
    [
        {"key": "Parts", "fields": [{"key": "a"}]},
        {"key": "parts", "fields": []},
        {"key": "parts", "fields": [{"key": "a"}, {"key": "a"}]},
        {"key": "parts", "fields": [{"key": "a", "type": "enum"}]},
        {"key": "parts", "fields": [{"key": "a", "options": ["x"]}]},
    ],
)
def test_sheets_that_make_no_sense_are_refused(sheet):
    with pytest.raises(ValueError):
        Sheet.model_validate(sheet)


COMMA, MONTH_FIRST = Style(decimal_comma=True), Style(day_first=False)


@pytest.mark.parametrize(
    ("kind", "text", "style", "value"),
    [
        ("number", "1.234,50 €", COMMA, 1234.5),
        ("number", "EUR 12,5", COMMA, 12.5),
        ("number", "1,234.50", Style(), 1234.5),
        ("number", "1 234.5", Style(), 1234.5),
        ("number", "-3", Style(), -3.0),
        ("number", "", Style(), None),
        ("integer", "1.183", COMMA, 1183),
        ("integer", "40", Style(), 40),
        ("date", "31.12.2025", Style(), "2025-12-31"),
        ("date", "12/31/2025", MONTH_FIRST, "2025-12-31"),
        ("date", "3.2.24", Style(), "2024-02-03"),
        ("date", "3 Feb 2024", Style(), "2024-02-03"),
        ("date", "2025-12-31 00:00:00", Style(), "2025-12-31"),
        ("boolean", "Yes", Style(), True),
        ("boolean", "n", Style(), False),
        ("string", "  two  words ", Style(), "two  words"),
        ("integer", 4.0, Style(), 4),
        ("number", 2, Style(), 2),
        ("string", None, Style(), None),
    ],
)
def test_cells_are_read_as_people_write_them(kind, text, style, value):
    found = read(kind, text, style)
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("kind", "text", "style"),
    [
        ("number", "12,50", Style()),
        ("number", "12.50", COMMA),
        ("number", "1,2,3", Style()),
        ("number", "1e9", Style()),
        ("number", "NaN", Style()),
        ("number", "ca. 40", Style()),
        ("integer", "1.5", Style()),
        ("date", "31.02.2024", Style()),
        ("date", "12/31/2025", Style()),
        ("date", "3 Foo 2024", Style()),
        ("date", "yesterday", Style()),
        ("boolean", "perhaps", Style()),
    ],
)
def test_what_can_be_read_in_no_way_is_not_guessed(kind, text, style):
    with pytest.raises(ValueError):
        read(kind, text, style)


@pytest.mark.parametrize(
    ("texts", "commas"),
    [
        (["1,50", "1.183"], True),
        (["1,50", "2.50"], False),
        (["1,234", "7"], False),
        (["Smith, 22", "1.5"], False),
        ([], False),
    ],
)
def test_the_cells_of_a_file_show_what_its_decimals_are(texts, commas):
    assert has_decimal_commas(texts) is commas


def test_the_dates_of_a_column_show_which_part_is_the_month():
    assert Style.of(["01/02/2025", "12/31/2025"]).day_first is False
    assert Style.of(["01/02/2025", "31/12/2025"]).day_first is True
