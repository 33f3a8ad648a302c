"""The page for people: all routes, frames and topics, no script, and nothing that a description says is taken for HTML."""

import json
from functools import cache
from html.parser import HTMLParser

from described import whole

from listener_sdk.protocol.events import SERVER_TOPICS
from server.describe.asyncapi import asyncapi
from server.describe.page import POLICY, STYLE, page
from server.web.routes import ROUTES


class Read(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.text, self.links, self.places, self.open = set(), "", set(), [], []

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        said = dict(attrs)
        self.links |= {said["href"]} if "href" in said else set()
        self.places += [said["id"]] if "id" in said else []
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


@cache
def read(text=None):
    found = Read()
    found.feed(text or page(json.loads(json.dumps(whole())), json.loads(json.dumps(asyncapi("1")))))
    assert found.open == []
    return found


def test_it_has_every_route_and_topic():
    for route in ROUTES:
        assert route.path in read().text
        assert route.summary.removesuffix(".") in read().text
    for topic in SERVER_TOPICS:
        assert topic in read().text


def test_it_has_no_scripts_and_takes_nothing_from_elsewhere():
    assert not read().tags & {"script", "img", "iframe", "link", "form", "object"}
    assert "://" not in "".join(read().links)
    assert "url(" not in STYLE
    assert "script-src" not in POLICY
    assert "default-src 'none'" in POLICY


def test_its_links_lead_to_places_that_stand_once():
    places = read().places
    assert len(set(places)) == len(places)
    assert {link[1:] for link in read().links if link.startswith("#")} <= set(places)


def test_what_is_said_is_text():
    described = json.loads(json.dumps(whole()))
    described["paths"] = {
        "/v1/<b>": {"get": described["paths"]["/healthz"]["get"] | {"summary": "<script>x</script>"}}
    }
    text = page(described, json.loads(json.dumps(asyncapi("1"))))
    assert "<script>" not in text
    assert "&lt;script&gt;" in text
