"""The pages of docs/ can be followed from the top."""

import re

import pytest


def unset(text):
    """The variables that lines of a shell read before any line of the page has set them."""
    known, found = set(), []
    for block in re.findall(r"```bash\n(.*?)```", text, re.DOTALL):
        for line in block.splitlines():
            found += [name for name in re.findall(r"\$\{?([A-Z][A-Z_]*)", line) if name not in known]
            known |= set(re.findall(r"(?:^|\s)([A-Z][A-Z_]*)=", line))
    return found


def test_what_a_page_takes_from_the_environment_it_sets_first(root):
    pages = {path.name: unset(path.read_text(encoding="utf-8")) for path in (root / "docs").glob("*.md")}
    assert {name: found for name, found in pages.items() if found} == {}


@pytest.mark.parametrize(
    ("lines", "found"),
    [("curl $URL", ["URL"]), ("export KEY=1 URL=x\ncurl $URL -H $KEY", []), ("curl $KEY\nKEY=1", ["KEY"])],
)
def test_a_variable_is_set_before_it_is_read(lines, found):
    assert unset(f"```bash\n{lines}\n```") == found
