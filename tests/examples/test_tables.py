import zipfile
from datetime import date, datetime

import openpyxl
import pytest

import tables
from listener_sdk import Fatal
from tables import read_table


def table(tmp_path, content, name="a.csv", **given):
    path = tmp_path / name
    path.write_bytes(content)
    found = read_table(path, **given)
    return found.columns, [cells for _, cells in found.lines]


@pytest.mark.parametrize(
    "content",
    [
        "Größe,Name\n1,Ł\n".encode(),
        "Größe,Name\n1,Ł\n".encode("utf-8-sig"),
        "Größe,Name\n1,Ł\n".encode("utf-16"),
        "Größe;Name\r\n1;Ł\r\n".encode(),
        "Größe\tName\n1\tŁ\n".encode(),
        "Größe|Name\n1|Ł".encode(),
        "\n\nGröße,Name\n1,Ł\n".encode(),
        "Größe,Name,,\n1,Ł\n".encode(),
    ],
)
def test_csv_is_read_whatever_its_encoding_and_delimiter(tmp_path, content):
    columns, rows = table(tmp_path, content)
    assert columns == ["Größe", "Name"]
    assert [row[:2] for row in rows] == [["1", "Ł"]]


def test_windows_text_is_read_as_such(tmp_path):
    assert table(tmp_path, "Preis;Für\n5 €;Müller\n".encode("cp1252")) == (
        ["Preis", "Für"],
        [["5 €", "Müller"]],
    )


def test_lines_are_numbered_as_an_editor_does(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(b'a,b\n"x\ny",1\n\nz,2\n')
    assert read_table(path).lines == [(2, ["x\ny", "1"]), (4, []), (5, ["z", "2"])]


def test_the_header_is_found_below_a_title_and_beside_a_row_that_is_too_wide(tmp_path):
    rows = b"Stock list\n\na,b,c\n1,2,3\n1,2,3,4,5\n"
    assert table(tmp_path, rows) == (["a", "b", "c"], [["1", "2", "3"], ["1", "2", "3", "4", "5"]])


def test_columns_without_a_name_or_with_the_same_get_one(tmp_path):
    assert table(tmp_path, b"a,,a, b  c \n1,2,3,4\n")[0] == ["a", "Column 2", "a (3)", "b c"]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "has no table"),
        (b"\n\n\n", "has no table"),
        (b"\x00\x01\x02", "is no text file"),
        (b"\x81\x8d\x8f", "is no text file"),
        (b'a,b\n"x"y,1\n', "cannot be read as CSV"),
        (b",".join(b"%d" % n for n in range(1_001)), "1,001 columns"),
    ],
)
def test_a_file_that_is_no_table_is_refused(tmp_path, content, why):
    with pytest.raises(Fatal, match=why):
        table(tmp_path, content)


def test_a_file_that_is_too_large_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(tables, "MOST_ROWS", 2)
    with pytest.raises(Fatal, match="more than 2 rows"):
        table(tmp_path, b"a\n1\n2\n3\n")
    monkeypatch.setattr(tables, "MOST_BYTES", 10)
    with pytest.raises(Fatal, match="more than 10 bytes"):
        table(tmp_path, b"a\n1\n2\n3\n4\n5\n")
    path = tmp_path / "a.xlsx"
    openpyxl.Workbook().save(path)
    with pytest.raises(Fatal, match="unpacks to"):
        read_table(path)


def test_cells_of_xlsx_become_text(tmp_path):
    book = openpyxl.Workbook()
    book.active.append(["Report"])
    book.active.append([])
    book.active.append(["when", "day", "n", "share", "ok", "text"])
    book.active.append([datetime(2025, 1, 2, 3, 4), date(2025, 1, 2), 3, 0.5, True, " x "])
    book.active.append([datetime(2025, 1, 2), None, 3.0])
    path = tmp_path / "a.xlsx"
    book.save(path)
    found = read_table(path)
    assert found.columns == ["when", "day", "n", "share", "ok", "text"]
    assert found.lines == [
        (4, ["2025-01-02 03:04:00", "2025-01-02", "3", "0.5", "true", "x"]),
        (5, ["2025-01-02", "", "3"]),
    ]


def test_a_sheet_is_chosen_by_its_name(tmp_path):
    book = openpyxl.Workbook()
    book.active.append(["a"])
    book.create_sheet("Second").append(["b"])
    path = tmp_path / "a.xlsx"
    book.save(path)
    assert read_table(path).columns == ["a"]
    assert read_table(path, "Second").columns == ["b"]
    with pytest.raises(Fatal, match="no sheet 'Third'; it has: Sheet, Second"):
        read_table(path, "Third")


def test_what_is_no_workbook_is_refused(tmp_path):
    for content in (b"", b"PK\x03\x04 not a zip", b"a,b\n1,2\n"):
        with pytest.raises(Fatal, match="is no XLSX workbook"):
            table(tmp_path, content, "a.xlsx")
    path = tmp_path / "b.xlsx"
    openpyxl.Workbook().save(path)
    broken = tmp_path / "c.xlsx"
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(broken, "w") as new:
        for name in old.namelist():
            new.writestr(name, b"<not xml" if name == "xl/workbook.xml" else old.read(name))
    with pytest.raises(Fatal, match="is no XLSX workbook"):
        read_table(broken)
