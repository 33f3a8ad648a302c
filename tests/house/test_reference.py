"""docs/reference says what the code says: every setting, route, code, topic, frame and move."""

import importlib.util
import inspect
import json
import re

import pytest

import listener_sdk
from listener_sdk import next_, testing
from listener_sdk._channel import JobLog
from listener_sdk.client import PARTS, Client
from listener_sdk.protocol import codes, events, filters, frames, lifecycle, payloads
from listener_sdk.protocol.jobs import JobCreate
from server.core.audit import ACTIONS
from server.settings import SETTINGS
from server.web.routes import ROUTES

CODES = tuple(codes.ERRORS)
CLOSES = tuple(str(code) for code in codes.CLOSES_BY_CODE)
TOPICS = (*events.SERVER_TOPICS, *events.FLATFILE_TOPICS)
FRAMES = tuple(frame.model_fields["type"].default for frame in (*frames.CLIENT_FRAMES, *frames.SERVER_FRAMES))
CALLS = {
    "listener": listener_sdk.Listener,
    "job": listener_sdk.Job,
    "job.log": JobLog,
    "parts": listener_sdk.Parts,
    "Outcome": listener_sdk.Outcome,
    "client": Client,
    **{f"client.{name}": type(getattr(Client("http://127.0.0.1", "none"), name)) for name in PARTS},
    "subscription": listener_sdk.Subscription,
}
INTERNAL = {"job.ask_to_stop"}


def called():
    """How each public function of the SDK is called."""
    written = [
        f"{name}.{call}"
        for name, kind in CALLS.items()
        for call, found in vars(kind).items()
        if (inspect.isfunction(found) or isinstance(found, classmethod)) and not call.startswith("_")
    ]
    builders = [
        name
        for name, found in vars(next_).items()
        if inspect.isfunction(found) and found.__module__ == next_.__name__
    ]
    written += [f"next_.{name}" for name in builders if not name.startswith("_")]
    return tuple(f"{name}(" for name in written if name not in INTERNAL)


NAMED = {
    "errors.md": tuple(f"| `{code}` | {codes.ERRORS[code].status} |" for code in CODES),
    "closes.md": tuple(f"| {code} |" for code in CLOSES),
    "topics.md": (
        *(f"`{name}`" for name in (*TOPICS, *events.RESERVED_DOMAINS)),
        *(f"### {model.__name__} " for model in payloads.PAYLOADS.values()),
    ),
    "frames.md": tuple(f"### `{name}` " for name in FRAMES),
    "filters.md": tuple(f"| `{name}` |" for name in filters.PLACES),
    "lifecycle.md": (lifecycle.diagram(), *(f"`{status}`" for status in lifecycle.Status)),
    "routes.md": tuple(f"{route.path}`" for route in ROUTES),
    "sdk.md": (
        *(f"### `{name}`" for name in (*listener_sdk.__all__, *testing.__all__) if name != "__version__"),
        *called(),
        *(f"| `{field}` |" for field in JobCreate.model_fields),
    ),
    "settings.md": tuple(f"`{name}`" for setting in SETTINGS for name in (setting.env, setting.flag) if name),
}


@pytest.fixture(scope="module")
def generate(root):
    spec = importlib.util.spec_from_file_location("docs_generate", root / "docs/generate.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def copy(generate, tmp_path, monkeypatch):
    """The script, with an empty folder for the pages."""
    monkeypatch.setattr(generate, "REFERENCE", tmp_path / "reference")
    return generate


def test_what_is_met_most_has_an_example(generate):
    """Recorded payloads, each as rich as its topic allows."""
    found = {topic: json.loads(text) for topic, text in generate.examples().items()}
    assert set(found) == {
        "job:created",
        "job:scheduled",
        "job:ready",
        "job:waiting",
        "job:updated",
        "job:attempt-failed",
        "job:completed",
        "job:failed",
        "job:canceled",
        "file:created",
    }
    for topic, payload in found.items():
        payloads.PAYLOADS[topic].model_validate(payload)
    assert (found["job:updated"]["progress"], found["job:failed"]["outcome"]["heading"]) == (50, "Job failed")


def test_every_field_of_the_context_says_what_it_is():
    assert all(field.description for field in payloads.EventAbout.model_fields.values())


def test_the_topics_are_those_that_the_server_names(root):
    sources = [path for path in (root / "server").rglob("*.py") if path.parts[-2:] != ("core", "audit.py")]
    source = "".join(path.read_text(encoding="utf-8") for path in sources)
    domains = "|".join(sorted(events.RESERVED_DOMAINS))
    named = set(re.findall(rf'"((?:{domains}):[a-z-]+)"', source)) | set(lifecycle.TERMINAL_TOPIC.values())
    assert named - (ACTIONS.keys() - events.SERVER_TOPICS.keys()) == set(events.SERVER_TOPICS)


def test_every_act_that_is_noted_without_an_event_is_described(root):
    sources = [path.read_text(encoding="utf-8") for path in (root / "server/commands").glob("*.py")]
    noted = set(re.findall(r'note(?:_job)?\(\s*tx, [a-z.]+, "([a-z:-]+)"', "".join(sources)))
    page = (root / "docs/audit.md").read_text(encoding="utf-8")
    assert "session:begun" in noted
    assert noted <= ACTIONS.keys()
    assert [name for name in ACTIONS if f"`{name}`" not in page] == []


@pytest.mark.parametrize("page", NAMED)
def test_a_page_is_what_the_code_says_now(generate, root, page):
    """When this fails: make docs."""
    assert (root / "docs/reference" / page).read_text(encoding="utf-8") == generate.PAGES[page]()


@pytest.mark.parametrize(("page", "names"), NAMED.items(), ids=NAMED)
def test_a_page_names_everything(root, page, names):
    text = (root / "docs/reference" / page).read_text(encoding="utf-8")
    assert [name for name in names if name not in text] == []


def test_there_is_no_other_page(generate, root):
    assert {path.name for path in (root / "docs/reference").iterdir()} == set(generate.PAGES) == set(NAMED)


def test_check_writes_nothing_and_names_the_stale_page(copy, capsys):
    assert copy.main([]) == 0
    assert copy.main(["--check"]) == 0
    page = copy.REFERENCE / "errors.md"
    page.write_text("old")
    capsys.readouterr()
    assert copy.main(["--check"]) == 1
    assert page.read_text() == "old"
    assert "stale: docs/reference/errors.md" in capsys.readouterr().out
    assert copy.main([]) == 0
    assert copy.main(["--check"]) == 0


def test_links_between_documents_lead_somewhere(project_files, root):
    documents = {path: path.read_text(encoding="utf-8") for path in project_files if path.suffix == ".md"}
    broken = [
        f"{path.relative_to(root)}: {target}"
        for path, text in documents.items()
        for target in re.findall(r"\]\(([^)\s]+)\)", text)
        if "://" not in target and not leads(path, target)
    ]
    assert broken == []


def leads(page, target):
    """Whether a relative link, perhaps with an anchor, meets a file and in it the anchor."""
    name, _, anchor = target.partition("#")
    path = (page.parent / name) if name else page
    return path.exists() and (not anchor or f'id="{anchor}"' in path.read_text(encoding="utf-8"))
