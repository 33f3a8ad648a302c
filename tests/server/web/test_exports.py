"""Files of long lists; tests/server/web/test_audit.py and test_runs.py read them over HTTP."""

import pytest
from multidict import MultiDict

from listener_sdk.protocol.codes import Refusal
from server.store.database import StoreError
from server.web import exports
from server.web.exports import Export, export, form_of
from server.web.queries import Query


class Asked:
    def __init__(self, **query):
        self.query = MultiDict(query)


async def pages(last):
    return [last + 1, last + 2] if last < 4 else []


WHOLE = Export(("n",), lambda n: [str(n)], lambda n: {"n": n}, pages)


@pytest.mark.parametrize(
    ("form", "text"),
    [("csv", b"n\r\n1\r\n2\r\n3\r\n4\r\n"), ("jsonl", b'{"n":1}\n{"n":2}\n{"n":3}\n{"n":4}\n')],
)
async def test_a_file_has_all_pages(form, text):
    assert b"".join([part async for part in exports._text(form, [1, 2], WHOLE)]) == text
    made = export("runs-a", form, [1], WHOLE)
    assert made.headers["Content-Disposition"].startswith(f'attachment; filename="runs-a.{form}"')
    assert made.headers["Content-Type"] == exports.FORMATS[form]


async def test_a_list_without_rows_has_its_head():
    assert [part async for part in exports._text("csv", [], WHOLE)] == [b"n\r\n"]
    assert [part async for part in exports._text("jsonl", [], WHOLE)] == []


async def test_a_store_that_goes_meanwhile_ends_the_file_short():
    async def away(last):
        raise StoreError("gone")

    broken = Export(("n",), lambda n: [str(n)], lambda n: {"n": n}, away)
    text = exports._text("jsonl", [1], broken)
    assert await anext(text) == b'{"n":1}\n'
    with pytest.raises(ConnectionAbortedError):
        await anext(text)


def test_formats_are_named():
    assert form_of(Query(Asked())) == "csv"
    assert form_of(Query(Asked(format="jsonl"))) == "jsonl"
    with pytest.raises(Refusal):
        form_of(Query(Asked(format="xlsx")))
