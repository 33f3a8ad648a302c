"""The browser client stays small, needs nothing else, and makes no markup of what others have said."""

import gzip
import re

import pytest

LARGEST = 6 * 1024
MARKUP = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|srcdoc|\beval\b|new Function|DOMParser"
STORED = r"localStorage|sessionStorage|document\.cookie|indexedDB"


@pytest.fixture(scope="module")
def script(root):
    return (root / "server/client/tickwire.js").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def types(root):
    return (root / "server/client/tickwire.d.ts").read_text(encoding="utf-8")


def test_it_is_small(script):
    assert len(gzip.compress(script.encode(), 9, mtime=0)) <= LARGEST


def test_it_imports_nothing(script):
    assert re.findall(r"\bimport\b(?!\.meta)|\brequire\(", script) == []


def test_it_makes_no_markup_and_keeps_nothing(script):
    assert re.findall(MARKUP, script) == []
    assert re.findall(STORED, script) == []


def test_its_types_declare_what_it_exports(script, types):
    exported = re.findall(r"^export (?:class|const|function) (\w+)", script, re.MULTILINE)
    declared = re.findall(r"^export (?:class|const|function) (\w+)", types, re.MULTILINE)
    assert sorted(exported) == sorted(declared) == ["Messages", "Refusal", "connect", "words"]


def test_its_types_declare_the_elements(script, types):
    defined = re.findall(r'define\("([\w-]+)"', script)
    assert defined == re.findall(r'^ +"(tickwire-(?:progress|outcome))":', types, re.MULTILINE)
