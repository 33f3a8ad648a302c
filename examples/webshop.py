"""A web shop to try the examples on: its orders of some days as a feed, and a place where it is told of exports.

python examples/webshop.py --port 8421      its token is WEBSHOP_TOKEN, else open-sesame

GET /orders?since=2025-06-03T10:00:00Z&page=1   orders that were made or changed since then, oldest change first, twenty a page
GET /given-up                                   the SKUs of all products that the shop has given up until today
GET /state?at=2025-06-03T10:00:00Z              whether it is open, and how many orders it has; who asks says for which time
POST /exports {"job": ...}                      something was exported; told twice, it counts once
PUT  /today {"day": "2025-06-04"}               let the days pass until then; the one call that takes no token
"""

import argparse
import json
import os
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final, Self
from urllib.parse import parse_qs, urlsplit

ORDERS: Final = Path(__file__).resolve().parent / "files" / "web-orders.json"
FIRST_DAY: Final = date(2025, 6, 3)
GIVEN_UP: Final = {
    "TOO-001": "2025-06-03",
    "TOY-012": "2025-06-03",
    "GAR-003": "2025-06-04",
    "KIT-004": "2025-06-06",
}
"""Since which day the shop has these products no more."""
A_PAGE: Final = 20
ALWAYS: Final = "0001-01-01T00:00:00Z"

Order = dict[str, Any]
Answer = tuple[int, dict[str, Any]]


def newest(versions: Iterable[Order], today: date) -> list[Order]:
    """Each order as it is at the end of a day, in the order of their last changes."""
    end = datetime(today.year, today.month, today.day, tzinfo=UTC) + timedelta(days=1)
    seen = (one for one in versions if moment(one["updated_at"]) < end)
    last = {one["number"]: one for one in sorted(seen, key=changed)}
    return sorted(last.values(), key=changed)


def changed(order: Order) -> tuple[datetime, str]:
    return moment(order["updated_at"]), order["number"]


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


class WebShop:
    """The shop while it is open. What it is told, and which day it is there, may be read and set meanwhile."""

    def __init__(self, port: int = 0, token: str = "open-sesame") -> None:  # noqa: S107 - of a shop that sells nothing
        self.token = token
        self.today = FIRST_DAY
        self.exports: dict[str, dict[str, Any]] = {}
        self.asked: list[str] = []
        """For which times somebody has asked how the shop is."""
        self._versions: list[Order] = json.loads(ORDERS.read_text("utf-8"))
        shop = self

        class Handler(_Handler):
            def answer(self, body: Any) -> Answer:
                return shop.answer(f"{self.command} {urlsplit(self.path).path}", self.query(), body)

            def is_welcome(self) -> bool:
                known = self.headers.get("Authorization") == f"Bearer {shop.token}"
                return known or (self.command, self.path) == ("PUT", "/today")

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def answer(self, what: str, query: dict[str, str], body: Any) -> Answer:
        """Status and body of the answer to a call of somebody who has the token."""
        if what == "GET /orders":
            return 200, self._page(moment(query.get("since", ALWAYS)), int(query.get("page", "1")))
        if what == "GET /given-up":
            return 200, {"skus": [sku for sku, day in GIVEN_UP.items() if day <= self.today.isoformat()]}
        if what == "GET /state":
            self.asked.append(query.get("at", ""))
            orders = newest(self._versions, self.today)
            return 200, {"at": self.asked[-1], "open": True, "orders": len(orders)}
        if what == "POST /exports":
            self.exports.setdefault(body["job"], body)
            return 201, {"received": body.get("file"), "exports": len(self.exports)}
        if what == "PUT /today":
            self.today = date.fromisoformat(body["day"])
            return 200, {"today": self.today.isoformat()}
        return 404, {"error": f"There is no {what} here."}

    def _page(self, since: datetime, number: int) -> dict[str, Any]:
        found = [one for one in newest(self._versions, self.today) if moment(one["updated_at"]) >= since]
        start = (number - 1) * A_PAGE
        return {"orders": found[start : start + A_PAGE], "more": len(found) > start + A_PAGE}


class _Handler(BaseHTTPRequestHandler, ABC):
    """JSON comes and goes."""

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def do_PUT(self) -> None:
        self._serve()

    def query(self) -> dict[str, str]:
        return {name: values[-1] for name, values in parse_qs(urlsplit(self.path).query).items()}

    @abstractmethod
    def answer(self, body: Any) -> Answer:
        """What the shop says to a request."""

    @abstractmethod
    def is_welcome(self) -> bool:
        """Whether who asks may."""

    def log_message(self, *_: Any) -> None:
        """Nothing is written to the terminal."""

    def _serve(self) -> None:
        sent = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        try:
            known = self.is_welcome()
            status, found = (
                self.answer(json.loads(sent or b"null")) if known else (401, {"error": "Who is it?"})
            )
        except (ValueError, LookupError, TypeError) as error:
            status, found = 400, {"error": f"{type(error).__name__}: {error}"}
        text = json.dumps(found).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)


def main() -> None:
    options = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    options.add_argument("--port", type=int, default=8421)
    with WebShop(options.parse_args().port, os.environ.get("WEBSHOP_TOKEN", "open-sesame")) as shop:
        print(f"The web shop is open at {shop.url} until Ctrl-C.", flush=True)
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            print("Closed.")


if __name__ == "__main__":
    main()
