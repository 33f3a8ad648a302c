"""The browser client stays small, needs nothing else, and makes no markup of what others have said."""

import gzip
import re

import pytest

LARGEST = {"tickwire": 6 * 1024, "job": 2 * 1024}
IMPORTS = {"tickwire": [], "job": ["./tickwire.js", "./tickwire.js"]}
MARKUP = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|srcdoc|\beval\b|new Function|DOMParser"
STORED = r"localStorage|sessionStorage|document\.cookie|indexedDB"
WHOLE = 'export * from "./tickwire.js"\n'


@pytest.fixture(params=LARGEST)
def name(request):
    return request.param


@pytest.fixture
def script(root, name):
    return (root / f"server/client/{name}.js").read_text(encoding="utf-8")


@pytest.fixture
def types(root, name):
    return (root / f"server/client/{name}.d.ts").read_text(encoding="utf-8")


def test_it_is_small(name, script):
    assert len(gzip.compress(script.encode(), 9, mtime=0)) <= LARGEST[name]


def test_it_imports_nothing_but_itself(name, script):
    assert re.findall(r"^(?:import|export) [^\n]*from \"([^\"]+)\"", script, re.MULTILINE) == IMPORTS[name]
    others = re.findall(r"\bimport\b(?!\.meta)|\brequire\(", script)
    assert len(others) == sum(line.startswith("import ") for line in script.splitlines())


def test_it_makes_no_markup_and_keeps_nothing(script):
    assert re.findall(MARKUP, script) == []
    assert re.findall(STORED, script) == []


def test_its_types_declare_what_it_exports(name, script, types):
    exported = re.findall(r"^export (?:class|const|function) (\w+)", script, re.MULTILINE)
    declared = re.findall(r"^export (?:class|const|function) (\w+)", types, re.MULTILINE)
    assert sorted(exported) == sorted(declared)
    assert sorted(exported) == (["Messages", "Refusal", "connect", "words"] if name == "tickwire" else [])
    assert (WHOLE in script, WHOLE in types) == (name == "job", name == "job")


def test_its_types_declare_the_elements(script, types):
    defined = re.findall(r'define\("([\w-]+)"', script)
    assert defined == re.findall(r'^ +"(tickwire-\w+)": JobElement', types, re.MULTILINE) != []
