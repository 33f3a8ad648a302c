"""Which ids the wall knows."""

import re
from pathlib import Path

import server
from server.store.wall import KINDS

WITHOUT_ROUTE = {
    "sp": "the cursor of a page of spaces; spaces have ids made of their codes",
    "ll": "the cursor of a page of a job's log",
    "au": "a line of the audit, which no call takes but as cursor",
    "jty": "a job type, which calls name by its code; the id stands in the audit and in cursors",
    "sub": "the cursor of a page of durable subscriptions, which calls name by their names",
}


def test_every_kind_of_id_is_known():
    """A new kind wants its row in KINDS: else nobody sees who names what is another space's."""
    source = "".join(path.read_text(encoding="utf-8") for path in Path(server.__file__).parent.rglob("*.py"))
    used = set(
        re.findall(
            r'\b(?:encode|decode|number|cursor_after|read_paging)\(\s*(?:query, |call\.query, )?"([a-z]{2,4})"',
            source,
        )
    )
    used |= set(re.findall(r'^KIND: Final = "([a-z]+)"', source, re.MULTILINE))
    assert used - KINDS.keys() == WITHOUT_ROUTE.keys()
    assert KINDS.keys() <= used
