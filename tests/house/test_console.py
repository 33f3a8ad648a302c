"""The console stays small, is whole, makes no markup of what others have said, and has its words in one place."""

import gzip
import re
from pathlib import PurePosixPath

import pytest

LARGEST_SCRIPT = 120 * 1024
"""Of all script that a page loads, packed: views are loaded when they are first opened."""
LONGEST_MODULE = 300
MARKUP = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|srcdoc|\beval\b|new Function|DOMParser|\bstyle=[\"'](?!\$)"
STORED = r"sessionStorage|document\.cookie|indexedDB"
IMPORT = re.compile(r"""(?:^import |^} |\bimport\()(?:[^"\n]*? from )?["']([^"']+)["']""", re.MULTILINE)
AT_ONCE = re.compile(r"""(?:^import |^} )(?:[^"\n]*? from )?["']([^"']+)["']""", re.MULTILINE)
CLIENT = "../client/tickwire.js"


@pytest.fixture(scope="module")
def folder(root):
    return root / "server" / "console"


@pytest.fixture(scope="module")
def modules(folder):
    """Our own, by their names."""
    found = {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8") for path in folder.rglob("*.js")
    }
    return {name: text for name, text in found.items() if not name.startswith("vendor/")}


def packed(path):
    return len(gzip.compress(path.read_bytes(), 9, mtime=0))


def test_no_page_loads_much_script(folder, root, modules):
    ahead = packed(root / "server/client/tickwire.js")
    views = [name for name in modules if name.startswith("views/")]
    assert len(views) > 1
    for view in views:
        loaded = needed(modules, "app.js", needed(modules, view, set()))
        size = ahead + sum(packed(folder / name) for name in loaded)
        assert size <= LARGEST_SCRIPT, (view, size)


def needed(modules, name, found):
    """The module and all that it imports at once."""
    if name not in found:
        found.add(name)
        for wanted in AT_ONCE.findall(modules.get(name, "")):
            if wanted not in {CLIENT, "../" + CLIENT}:
                needed(modules, resolved(name, wanted), found)
    return found


def test_no_module_is_long(modules):
    sizes = {name: text.count("\n") for name, text in modules.items() if name != "strings.js"}
    assert {name: size for name, size in sizes.items() if size > LONGEST_MODULE} == {}


def test_types_are_checked_everywhere(modules):
    unchecked = {name for name, text in modules.items() if not text.startswith("// @ts-check\n")}
    assert unchecked == {"theme.js"}


def test_no_module_makes_markup_or_keeps_secrets(modules):
    for name, text in modules.items():
        assert re.findall(MARKUP, text) == [], name
        assert re.findall(STORED, text) == [], name


def test_the_page_has_nothing_inline(folder):
    page = (folder / "index.html").read_text(encoding="utf-8")
    assert re.findall(r"<script(?![^>]* src=)|<style|\bstyle=|\bon\w+=", page) == []


def resolved(name, wanted):
    parts = []
    for part in (PurePosixPath(name).parent / wanted).parts:
        if part == "..":
            parts.pop()
        else:
            parts.append(part)
    return "/".join(parts)


def imports(modules, name):
    """What a module imports of ours at once, or when it is asked to."""
    return {
        resolved(name, one) for one in IMPORT.findall(modules[name]) if one not in {CLIENT, "../" + CLIENT}
    }


def test_every_import_is_there(modules, folder):
    for name in modules:
        assert [one for one in imports(modules, name) if not (folder / one).is_file()] == [], name


def test_every_module_is_used(modules):
    used = {one for name in modules for one in imports(modules, name)} | {"app.js", "theme.js"}
    assert sorted(set(modules) - used) == []


def test_what_the_page_loads_ahead_is_there(folder, root):
    page = (folder / "index.html").read_text(encoding="utf-8")
    ahead = re.findall(r'rel="modulepreload" href="/([^"]+)"', page)
    assert len(set(ahead)) == len(ahead) > 10
    assert [one for one in ahead if not (root / "server" / one).is_file()] == []


def test_a_class_has_its_own_styles_in_one_place(folder):
    """Styles of all pages are loaded together: a name that two of them use for different things pulls both apart."""
    found = {}
    for path in (folder / "console.css", *(folder / "css").glob("*.css")):
        outside = re.sub(r"@media[^{]+\{(?:[^{}]+\{[^}]*\}\s*)*\}", "", path.read_text(encoding="utf-8"))
        for selectors in re.findall(r"([^{}]+)\{", outside):
            for one in selectors.split(","):
                if bare := re.fullmatch(r"\s*\.([\w-]+)\s*", one):
                    found.setdefault(bare[1], set()).add(path.stem)
    assert {name: sorted(where) for name, where in found.items() if len(where) > 1} == {}
