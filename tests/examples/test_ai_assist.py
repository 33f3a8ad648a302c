import csv
import io
import json
import random
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

import ai_assist
from categorisers import Guess, chosen
from categorisers.chat_model import ChatModel
from categorisers.naive_bayes import NaiveBayes
from listener_sdk.testing import JobFailed, run_job
from tests.data.shop import make
from workbook import Field, Sheet, Workbook, opened

CATEGORIES = ["Garden", "Kitchen", "Tools"]
SHEET = Sheet(
    key="things",
    fields=[
        Field(key="name"),
        Field(key="kind", type="enum", options=CATEGORIES),
        Field(key="size", type="number"),
    ],
)
WORDS = {"Garden": "rake seeds lawn", "Kitchen": "pan knife oven", "Tools": "drill saw hammer"}
KNOWN = [
    (f"{word} number {n}", kind) for n in range(4) for kind, words in WORDS.items() for word in words.split()
]
CATALOGUE = [(f"{one['name']}. {one['description']}", one["category"]) for one in make.catalogue()]


# ---- naive Bayes


def folds(examples, count=5):
    """Guesses for all examples, each by a model that has not seen it, and the truth."""
    for number in range(count):
        model = NaiveBayes()
        model.learn([one for at, one in enumerate(examples) if at % count != number])
        held_out = examples[number::count]
        guesses = model.categorise([text for text, _ in held_out])
        yield from ((guess, truth) for guess, (_, truth) in zip(guesses, held_out, strict=True))


@pytest.fixture(scope="module")
def judged():
    examples = [*CATALOGUE]
    random.Random(5).shuffle(examples)
    return [*folds(examples)]


def test_it_is_right_on_products_that_it_has_not_seen_far_more_often_than_the_majority(judged):
    assert len(judged) == 320
    right = sum(guess.category == truth for guess, truth in judged) / len(judged)
    assert right > 0.7
    assert right > 5 * (40 / 320), "all eight categories are equally frequent"


def test_its_confidence_is_how_often_it_is_right(judged):
    """Over the products in four groups by confidence: what it says and what is true differ by little."""
    ordered = sorted(judged, key=lambda one: one[0].confidence)
    for start in range(0, 320, 80):
        group = ordered[start : start + 80]
        said = sum(guess.confidence for guess, _ in group) / 80
        true = sum(guess.category == truth for guess, truth in group) / 80
        assert abs(said - true) < 0.15, (said, true)


def test_it_learns_the_same_whenever_it_learns():
    one, other = NaiveBayes(), NaiveBayes()
    for model in (one, other):
        model.learn(CATALOGUE)
    texts = ["Bread knife with oak handle", "", "zzz"]
    assert one.categorise(texts) == other.categorise(texts)
    assert one.temperature == other.temperature > 1


def test_without_examples_it_guesses_nothing():
    model = NaiveBayes()
    model.learn([])
    assert model.categorise(["a pan"]) == [Guess(None, 0.0)]


def test_of_what_it_knows_nothing_about_it_is_not_sure():
    model = NaiveBayes()
    model.learn(KNOWN)
    (guess,) = model.categorise(["qqq www"])
    assert guess.confidence < 0.4


# ---- a chat model


class Stub:
    """A server that speaks the protocol of chat completions. It knows a thing by the first word of its text."""

    def __init__(self):
        self.requests = []
        self.answers = []
        stub = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                stub.requests.append((self.path, dict(self.headers), body))
                status, headers, content = (
                    stub.answers.pop(0) if stub.answers else (200, {}, stub.answer(body))
                )
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_):
                """Nothing is written to the terminal."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/v1"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()

    @staticmethod
    def completion(content):
        return json.dumps({"choices": [{"message": {"role": "assistant", "content": content}}]}).encode()

    def answer(self, body):
        lines = body["messages"][1]["content"].split("\n")
        told = []
        for line in lines:
            number, word = line.split(". ")[0], line.split(". ")[1].split()[0]
            kind = next((kind for kind, words in WORDS.items() if word in words.split()), "Furniture")
            told.append({"number": int(number), "category": kind, "confidence": 0.9})
        return self.completion(f"Here you are:\n```json\n{json.dumps({'answers': told})}\n```")

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join(30)


@pytest.fixture
def stub():
    made = Stub()
    yield made
    made.close()


@pytest.fixture
def model(stub):
    made = ChatModel(stub.url, "the-key", "some-model")
    made.learn(KNOWN)
    return made


def test_a_chat_model_is_asked_in_portions_and_shown_examples(stub, model):
    texts = [f"{word} again" for _, words in WORDS.items() for word in words.split()] * 5
    guesses = model.categorise(texts)
    assert [guess.category for guess in guesses] == [kind for kind in WORDS for _ in range(3)] * 5
    assert {guess.confidence for guess in guesses} == {0.9}
    assert len(stub.requests) == 3, "twenty at a time"
    path, headers, body = stub.requests[0]
    assert path == "/v1/chat/completions"
    assert headers["Authorization"] == "Bearer the-key"
    assert (body["model"], body["temperature"]) == ("some-model", 0)
    shown = json.loads(body["messages"][0]["content"].split("with examples:\n")[1])
    assert {kind: len(texts) for kind, texts in shown.items()} == {"Garden": 4, "Kitchen": 4, "Tools": 4}


def test_what_is_no_category_or_is_left_out_is_no_guess(stub, model):
    assert model.categorise(["sofa"]) == [Guess(None, 0.0)]
    told = {
        "answers": [{"number": 2, "category": "Tools", "confidence": 7}, {"number": 9, "category": "Tools"}]
    }
    stub.answers.append((200, {}, stub.completion(json.dumps(told))))
    assert model.categorise(["pan", "saw"]) == [Guess(None, 0.0), Guess("Tools", 1.0)]


NO_ANSWERS = [
    (200, {}, b"not json"),
    (200, {}, b"[]"),
    (200, {}, Stub.completion("I cannot do that.")),
    (200, {}, Stub.completion('{"answers": [{"number": "x"}]}')),
    (200, {}, Stub.completion('{"answers": 3}')),
]

# ---- the job


@pytest.fixture
def book(tmp_path, monkeypatch):
    monkeypatch.setenv("WORKBOOK", str(tmp_path / "workbook.db"))
    monkeypatch.delenv("TICKWIRE_AI_URL", raising=False)

    def setup(change):
        change.define(SHEET)
        for text, kind in KNOWN:
            change.insert(SHEET, {"name": text, "kind": kind})
        for text in ("pan of iron", "saw of steel", "something else"):
            change.insert(SHEET, {"name": text})
        return {}

    with Workbook(tmp_path / "workbook.db") as opened:
        opened.once("setup", setup)
        yield opened


def use(monkeypatch, stub):
    monkeypatch.setenv("TICKWIRE_AI_URL", stub.url)
    monkeypatch.setenv("TICKWIRE_AI_KEY", "the-key")
    monkeypatch.setenv("TICKWIRE_AI_MODEL", "some-model")


async def assist(**fields):
    given = {"sheet": "things", "field": "kind", "from_fields": ["name"], **fields}
    return await run_job(ai_assist.listener, "sheet:ai-assist", given)


def kinds(book):
    return [record.values["kind"] for record in book.records("things")][len(KNOWN) :]


async def test_the_model_that_learns_here_is_the_default(book):
    assert isinstance(chosen(), NaiveBayes)
    found = await assist()
    assert kinds(book) == ["Kitchen", "Tools", None]
    assert found.outcome.counts.ok == 2
    assert found.outcome.counts.skipped == 1
    review = [*csv.DictReader(io.StringIO(found.attachment("things-to-review.csv").decode("utf-8-sig")))]
    assert [(row["record"], row["text"]) for row in review] == [(str(len(KNOWN) + 3), "something else")]
    assert book.records("things")[len(KNOWN)].notes["kind"]["by"] == "naive Bayes, taught by the records"


async def test_a_chat_model_takes_its_place_where_the_environment_says_so(book, stub, monkeypatch):
    use(monkeypatch, stub)
    found = await assist()
    assert kinds(book) == ["Kitchen", "Tools", None]
    assert found.result["accuracy"] == 1.0
    assert book.records("things")[len(KNOWN)].notes == {"kind": {"by": "some-model", "confidence": 0.9}}
    assert "the-key" not in str(found)


async def test_what_it_filled_in_itself_it_does_not_learn_from(book):
    await assist()
    known, unknown = ai_assist.told_apart(
        ai_assist.AiAssist(sheet="things", field="kind", from_fields=["name"]), SHEET, book.records("things")
    )
    assert known == KNOWN
    assert len(unknown) == 1


async def test_a_record_that_somebody_fills_in_meanwhile_is_left_alone(book, monkeypatch):
    class Slow(NaiveBayes):
        def categorise(self, texts):
            with opened() as other:
                record = other.records("things")[len(KNOWN)]
                other.once("a person", lambda change: change.update(record, {"kind": "Garden"}) and {})
            return super().categorise(texts)

    monkeypatch.setattr(ai_assist, "chosen", Slow)
    found = await assist()
    assert kinds(book) == ["Garden", "Tools", None]
    assert (found.result["filled"], found.result["left"]) == (1, 1)


@pytest.mark.parametrize(
    ("answer", "after_s"),
    [((429, {"Retry-After": "120"}, b""), 120), ((503, {}, b""), 30), *((one, 30) for one in NO_ANSWERS)],
)
async def test_a_model_that_is_busy_or_confused_is_asked_again_later(
    book, stub, monkeypatch, answer, after_s
):
    use(monkeypatch, stub)
    stub.answers.append(answer)
    before = time.time()
    with pytest.raises(JobFailed) as failed:
        await assist()
    assert failed.value.retry
    assert after_s - 1 < failed.value.retry_at.timestamp() - before < after_s + 30
    assert kinds(book) == [None] * 3


@pytest.mark.parametrize("status", [301, 400, 401, 404])
async def test_a_model_that_refuses_fails_the_job_and_the_key_goes_nowhere_else(
    book, stub, monkeypatch, status
):
    use(monkeypatch, stub)
    stub.answers.append((status, {"Location": f"{stub.url}/elsewhere"}, b"the-key is wrong"))
    with pytest.raises(JobFailed, match="check TICKWIRE_AI_URL, TICKWIRE_AI_KEY") as failed:
        await assist()
    assert not failed.value.retry
    assert "the-key" not in str(failed.value)
    assert len(stub.requests) == 1


async def test_a_model_that_is_away_is_asked_again_later(book, monkeypatch):
    monkeypatch.setenv("TICKWIRE_AI_URL", "http://127.0.0.1:9")
    with pytest.raises(JobFailed, match="cannot be reached") as failed:
        await assist()
    assert failed.value.retry


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"field": "name"}, "name has no options"),
        ({"field": "colour"}, "no field 'colour'"),
        ({"from_fields": ["colour"]}, "no field 'colour'"),
        ({"sheet": "others"}, "no sheet 'others'"),
    ],
)
async def test_what_it_cannot_do_it_says(book, given, why):
    with pytest.raises(JobFailed, match=why) as failed:
        await assist(**given)
    assert not failed.value.retry


async def test_with_too_few_examples_it_does_not_guess(book):
    book.once("fewer", lambda change: {"gone": change.delete(book.records("things")[19 : len(KNOWN)])})
    with pytest.raises(JobFailed, match="Only 19 records have a kind: it takes 20"):
        await assist()
