"""File names: as the server says, or as the URL ends, and never more than a name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from server.outbound.file_names import LONGEST_NAME, UNNAMED, file_name

PLAIN = URL("https://a.example/files/data.csv?x=/y.txt")


@pytest.mark.parametrize(
    ("disposition", "expected"),
    [
        (None, "data.csv"),
        ("", "data.csv"),
        ("attachment", "data.csv"),
        ("attachment; filename=", "data.csv"),
        ("attachment; filename=a.txt", "a.txt"),
        ('attachment; FileName = "a b;c.txt"', "a b;c.txt"),
        (r'attachment; filename="a\"b.txt"', "a_b.txt"),
        ("attachment; filename*=UTF-8''%e2%82%ac%20rates.csv; filename=rates.csv", "€ rates.csv"),
        ("attachment; filename=rates.csv; filename*=utf-8'en'%e2%82%ac.csv", "€.csv"),
        ("attachment; filename*=ISO-8859-1''%e9.txt", "é.txt"),
        ("attachment; filename*=utf-7''+AGE-; filename=a.txt", "a.txt"),
        ("attachment; filename*=UTF-8''%ff.txt", "\ufffd.txt"),
        ("attachment; filename=a.txt; filename=b.txt", "a.txt"),
        ('attachment; filename="../../etc/passwd"', "passwd"),
        (r'attachment; filename="..\\..\\win.ini"', "win.ini"),
        ("attachment; filename*=UTF-8''..%2f..%2fx.txt", "x.txt"),
        ('attachment; filename=".."', "data.csv"),
        ('attachment; filename=".hidden"', "hidden"),
        ('attachment; filename="a\x00b\x1fc\u202egpj.exe"', "a_b_c_gpj.exe"),
        ('attachment; filename="a<b>:c|d?e*f.txt"', "a_b__c_d_e_f.txt"),
        ("inline; x=1; filename=a.txt", "a.txt"),
    ],
)
def test_the_name_is_what_the_server_says_made_harmless(disposition, expected):
    assert file_name(disposition, PLAIN) == expected


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://a.example/", UNNAMED),
        ("https://a.example", UNNAMED),
        ("https://a.example/x/", UNNAMED),
        ("https://a.example/%E2%82%AC.csv", "€.csv"),
        ("https://a.example/a%2Fb.csv", "b.csv"),
        ("https://a.example/%00", "_"),
    ],
)
def test_without_a_word_of_the_server_the_url_names_it(url, expected):
    assert file_name(None, URL(url)) == expected


def test_a_long_name_keeps_its_extension():
    found = file_name(f"attachment; filename*=UTF-8''{'%e2%82%ac' * 300}.tar.gz", PLAIN)
    assert found.endswith("€.gz")
    assert len(found.encode()) <= LONGEST_NAME
    assert len(file_name(f"attachment; filename={'a.' * 10}{'b' * 300}", PLAIN)) == LONGEST_NAME


@given(st.text(max_size=300), st.text(st.characters(exclude_categories=["Cs"]), max_size=50))
def test_no_text_makes_more_than_a_name(disposition, path):
    found = file_name("attachment; filename=" + disposition, PLAIN.with_path("/" + path))
    assert 1 <= len(found.encode()) <= LONGEST_NAME
    assert found.isprintable() or all(sign.isspace() or sign.isprintable() for sign in found)
    assert not set(found) & set('/\\<>:"|?*\0\r\n')
    assert found not in {".", ".."}
