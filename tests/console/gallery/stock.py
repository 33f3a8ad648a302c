"""What the pictures show: a shop that has been at work, with names that are long and things that went wrong."""

import json
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from typing import Any

from console import Home
from processes import until
from shop_front import define, ended, furnish, job

LONG = "Orders of the market places of Austria, Switzerland and Liechtenstein, with returns, vouchers and gift cards"
STORY = (
    "Line 4,117 of orders-2026-11-21.csv: the customer 'Donaudampfschifffahrtsgesellschaft Gesellschaft m. b. H.' has "
    "no address at https://crm.example.com/v2/customers/8f14e45f-ceea-467f-a8d5-0e0c1f2d7b11/addresses?include=history&fields=all. "
    "Add one there, and import the file again."
)
SLOW_S = 1.5
QUICK = {"cron": "*/10 * * * * ?", "timeZone": "Europe/Vienna", "overlap": "allow"}


@dataclass
class Stock:
    """Ids of what there is, by the names that scenes use, and who looks at the inbox."""

    home: Home
    ids: dict[str, str] = field(
        default_factory=lambda: {"definition": "orders-market-places", "type": "orders:import"}
    )

    def path(self, template: str) -> str:
        """A path with its ids filled in."""
        return template.format(**self.ids)


def stocked(home: Home, receiver: str) -> Stock:
    """Everything there is to see."""
    stock = Stock(home)
    made = furnish(home, SLOW_S)
    stock.ids |= {"done": made[0], "failed": made[2], "running": made[5]}
    _people(stock)
    _definitions(stock)
    _actions(stock)
    _jobs(stock)
    _hooks(stock)
    _endpoints(stock, receiver)
    _settings(stock)
    _schedules(stock)
    return stock


def _people(stock: Stock) -> None:
    home = stock.home
    home.call("PATCH", "/v1/spaces/default", {"name": "Shop of Vienna", "timeZone": "Europe/Vienna"})
    for code, name in (
        ("north", "The northern store"),
        ("archive", "Orders until 2024, for the auditors of Linz"),
    ):
        home.call("POST", "/v1/spaces", {"code": code, "name": name, "timeZone": "Asia/Kolkata"})
    home.call("PATCH", "/v1/spaces/archive", {"archived": True})
    # Its first job sets it up; pictures are taken of a space that has none.
    for first in home.call("GET", "/v1/jobs", space="north")["data"]:
        home.call("DELETE", f"/v1/jobs/{first['id']}", space="north")
    ada = home.member("Ada Lovelace", "admin")["id"]
    home.member("Maximiliane von Hohenberg-Waldenstein", "developer")
    bea = home.member("Bea", "developer")["id"]
    home.member("Carl", "viewer")
    stock.ids |= {"ada": ada, "bea": bea}


def _definitions(stock: Stock) -> None:
    home, ada = stock.home, stock.ids["ada"]
    rule = {"on": "all", "missed": True, "channels": ["inbox"], "members": [ada]}
    triggers = [
        {
            "topic": "order:paid",
            "filter": {"country": "AT"},
            "params": {"rows": "{{ event.payload.lines }}"},
        },
        {"topic": "market-place:feed:uploaded", "params": {}},
    ]
    define(
        home,
        "orders-market-places",
        LONG,
        "orders:import",
        params={"rows": 60, "broken": 12},
        triggers=triggers,
        notifications=[rule, {"on": "failed", "channels": ["email"], "addresses": ["team@example.com"]}],
        target="us_sh_orders_of_2026",
    )
    for rows in (80, 90):
        body = {"jobDefinition": {"params": {"rows": rows, "broken": 12}}}
        home.call("PATCH", "/v1/job-definitions/orders-market-places", body)
    define(
        home, "prices-broken", "Prices of the trade fair", "prices:update", params={"fail": STORY, "rows": 3}
    )
    home.call("PATCH", "/v1/job-definitions/prices-broken", {"jobDefinition": {"notifications": [rule]}})
    define(home, "stock-off", "Count of the stock", "prices:update", enabled=False)
    for code in ("orders-market-places", "prices-broken"):
        ended(home, home.call("POST", f"/v1/job-definitions/{code}/_execute", {})["jobId"])
    body = {"topic": "order:paid", "payload": {"lines": 40, "country": "AT", "customer": {"name": "Ada"}}}
    stock.ids["event"] = home.call("POST", "/v1/events", body)["data"]["id"]


def _actions(stock: Stock) -> None:
    """Buttons of two resources, of which one runs a job and the other is blocked by one."""
    home = stock.home
    fields = [
        {"key": "rows", "type": "number", "label": "Rows", "constraints": [{"type": "required"}]},
        {
            "key": "format",
            "type": "enum",
            "label": "Format",
            "config": {
                "options": [
                    {"value": "csv", "label": "CSV", "color": "teal"},
                    {"value": "xlsx", "label": "Excel"},
                ]
            },
        },
    ]
    for target, label, operation, more in (
        ("us_wb_orders_2026", "Bring orders in", "import", {"primary": True, "icon": "download", "tooltip": "From all market places"}),
        ("us_wb_orders_2026", "Export for the auditors of Linz", "export", {"inputForm": {"fields": fields}}),
        ("us_wb_orders_2026", "Clean up", "clean", {"confirm": True, "schedule": "weekly", "description": "Removes what was canceled."}),
        ("us_sh_prices", "Update", "import", {"mode": "toolbarBlocking"}),
    ):  # fmt: skip
        made = {
            "label": label,
            "operation": operation,
            "targetId": target,
            "mount": {"type": "orders"},
            **more,
        }
        home.call("POST", "/v1/actions", made)
    for target, mode in (("us_wb_orders_2026", "background"), ("us_sh_prices", "toolbarBlocking")):
        later = {"trigger": "immediate", "source": target, "mode": mode}
        home.call("POST", "/v1/jobs", {"type": "orders", "operation": "clean", **later})


def _jobs(stock: Stock) -> None:
    home = stock.home
    partial = job(home, "orders:import", LONG, {"rows": 90, "broken": 17}, tags=["shop", "market-place"])
    failed = job(
        home, "prices:update", "Prices of the winter sale in all stores", {"rows": 30, "fail": STORY}
    )
    retried = job(
        home, "catalog:export", "Catalog, tried thrice", {"rows": 5, "fail": "No answer"}, maxAttempts=3
    )
    canceled = job(home, "orders:import", "Orders of the old shop", {"rows": 9_000, "pause_s": SLOW_S})
    parts = job(home, "pictures:resize", "Pictures of the spring catalog", {"rows": 60})
    after = job(
        home, "catalog:export", "Catalog, after the prices", {}, predecessorIds=[stock.ids["running"]]
    )
    later = job(home, "catalog:export", "Catalog of tomorrow", {}, scheduledAt="2099-11-23T06:00:00Z")
    home.call("POST", f"/v1/jobs/{canceled}/cancel", {"info": "The old shop is closed"})
    for one in (partial, failed):
        ended(home, one)
    stock.ids |= {
        "partial": partial,
        "long": failed,
        "retried": retried,
        "parts": parts,
        "after": after,
        "later": later,
    }


def _hooks(stock: Stock) -> None:
    home = stock.home

    def make(name: str, kind: str = "none", **more: Any) -> Any:
        body = {"name": name, "verification": {"kind": kind}, "jobType": "orders:import", **more}
        return home.call("POST", "/v1/hooks", body)["data"]

    orders = make(
        "Orders of the market place, as soon as they are paid",
        params={"rows": "{{ hook.body.order.lines }}"},
        filter={"body.kind": "paid"},
    )
    pushes = make("Pushes", "github")
    home.call("PATCH", f"/v1/hooks/{make('Old feed')['id']}", {"enabled": False})
    sent = _send(
        orders["url"], {"kind": "paid", "order": {"lines": 30, "customer": {"name": "Ada", "city": "Graz"}}}
    )
    _send(orders["url"], {"kind": "paid", "order": {"customer": {"name": "Bea"}}})
    _send(orders["url"], {"kind": "opened", "order": {"lines": 2}})
    _send(pushes["url"], {"ref": "refs/heads/main"})
    stock.ids |= {"hook": orders["id"], "call": sent["data"]["deliveryId"]}


def _send(url: str, body: Any) -> Any:
    """What the hook answers, also where it refuses."""
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as refused:
        return json.load(refused)


def _endpoints(stock: Stock, receiver: str) -> None:
    home = stock.home

    def make(path: str, name: str, *topics: str) -> str:
        body = {"url": f"{receiver}{path}", "name": name, "topics": list(topics)}
        return str(home.call("POST", "/v1/endpoints", body)["data"]["id"])

    make("/events", "Warehouse", "shop:*", "job:completed")
    closed = make(
        "/fail", "The closed warehouse of the northern store, behind the harbour", "shop:*", "order:paid"
    )
    off = make("/off", "Bookkeeping", "invoice:*")
    home.call("PATCH", f"/v1/endpoints/{off}", {"enabled": False})
    for number in range(3):
        home.call("POST", "/v1/events", {"topic": "shop:paid", "payload": {"order": 1_000 + number}})
    read = f"/v1/endpoints/{closed}/deliveries"

    def failed() -> Any:
        return next((one for one in home.call("GET", read)["data"] if one.get("attempt")), None)

    stock.ids |= {"endpoint": closed, "post": until(failed, "a post has failed")["id"]}


def _settings(stock: Stock) -> None:
    home = stock.home
    for name, more in {
        "Importer of the market places, on the machine in Linz": {
            "role": "listener",
            "jobs": ["orders:*", "catalog:*"],
        },
        "Dashboard": {"role": "viewer", "topics": ["job:*", "schedule:*"]},
        "Until the fair": {"role": "operator", "expiresAt": "2099-01-01T00:00:00Z"},
        "Lost": {"role": "operator"},
    }.items():
        made = home.call("POST", "/v1/keys", {"name": name, **more})["data"]
        if name == "Lost":
            home.call("DELETE", f"/v1/keys/{made['id']}")
    for name, more in {
        "CRM_TOKEN": {"description": "Of the sandbox", "jobs": ["orders:*", "prices:update"]},
        "SLACK_URL": {},
        "A_NAME_THAT_SOMEBODY_HAS_MADE_AS_LONG_AS_NAMES_MAY_BE_IN_A_SHOP": {"description": "For " + LONG},
    }.items():
        home.call("POST", "/v1/secrets", {"name": name, "value": "not to be seen", **more})
    home.call("PATCH", "/v1/spaces/default", {"retention": {"jobDays": 30}})


def _schedules(stock: Stock) -> None:
    """Of some, due times run, fail, run in part, and are left out once their definition is off."""
    home = stock.home

    def schedule(code: str, **more: Any) -> str:
        return str(home.call("POST", "/v1/schedules", {"definition": code, **more})["data"]["id"])

    define(
        home,
        "stock-minutes",
        "Count of what is left on the shelves of all stores",
        "prices:update",
        params={"rows": 3},
    )
    skipped = schedule("stock-minutes", name="On the shelves, again and again, day and night", **QUICK)
    busy = [
        schedule("orders-market-places", name="Market places", **QUICK),
        schedule("prices-broken", name="Fair", **QUICK),
    ]
    schedule("catalog-weekly", name="Off", cron="0 9 * * 1-5", timeZone="Asia/Kolkata", enabled=False)
    orphan = schedule(
        "orders-nightly", name="Of somebody who has left", cron="15 2 * * *", timeZone="Europe/Vienna"
    )
    home.call("POST", f"/v1/schedules/{orphan}/owner", {"owner": stock.ids["bea"]})
    home.call("PATCH", f"/v1/members/{stock.ids['bea']}", {"active": False})
    until(lambda: _results(home, skipped) & {"success"}, "a due time has run")
    home.call("PATCH", "/v1/job-definitions/stock-minutes", {"jobDefinition": {"enabled": False}})
    for one, wanted in zip(busy, ("partial", "failed"), strict=True):
        until(lambda one=one, wanted=wanted: wanted in _results(home, one), wanted)
        home.call("PATCH", f"/v1/schedules/{one}", {"cron": "0 */4 * * *"})
    until(lambda: _results(home, skipped) & {"skipped"}, "a due time was skipped")
    home.call("PATCH", f"/v1/schedules/{skipped}", {"cron": "0 * * * *"})
    stock.ids["schedule"] = skipped


def _results(home: Home, schedule: str) -> set[str]:
    return {run["result"] for run in home.call("GET", f"/v1/runs?schedule={schedule}")["data"]}
