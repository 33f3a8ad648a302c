"""Did you mean: what is near, and what it costs among thousands."""

import pytest

from listener_sdk.protocol.near_names import MOST_COMPARED, MOST_SEEN, did_you_mean, near

CODES = [
    "callWebserviceEndpoint",
    "downloadDataFile",
    "publishEvent",
    "noop",
    "workbook:export",
    "workbook:extract",
    "x",
]


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("callWebServiceEndpoint", "callWebserviceEndpoint"),
        ("callWebservice", "callWebserviceEndpoint"),
        ("webservice", "callWebserviceEndpoint"),
        ("downlodDataFile", "downloadDataFile"),
        ("workbook:exprt", "workbook:export"),
        ("NOOP", "noop"),
        ("X", "x"),
    ],
)
def test_the_nearest_stands_first(name, nearest):
    assert near(name, CODES)[0] == nearest


@pytest.mark.parametrize("name", ["", "zzzzzz", "q"])
def test_nothing_is_near(name):
    assert near(name, CODES) == []
    assert did_you_mean(name, CODES) == ""


def test_it_is_said_in_one_sentence():
    assert did_you_mean("workbook:ext", CODES, 2) == " Did you mean workbook:export or workbook:extract?"


def test_among_thousands_few_are_compared(monkeypatch):
    compared = []

    class Counting:
        def __init__(self, **_):
            self.one = ""

        def set_seq2(self, text):
            self.other = text

        def set_seq1(self, text):
            compared.append(text)
            self.one = text

        def ratio(self):
            return float(self.one == self.other)

    monkeypatch.setattr("listener_sdk.protocol.near_names.SequenceMatcher", Counting)
    seen = []

    def codes():
        for number in range(100_000):
            seen.append(number)
            yield f"code-{number}" * 100

    assert near("code-77" * 100, codes())[0] == "code-77" * 100
    assert len(compared) == MOST_COMPARED
    assert len(seen) == MOST_SEEN
    assert max(map(len, compared)) == 64
