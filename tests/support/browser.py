"""A browser: it keeps the cookie of its session, and its pages send their origin and the session's token."""

from typing import Any

COOKIE = "tickwire_session"


class Browser:
    """Over a served server; what a call names itself is sent instead of the browser's own (None: left out)."""

    def __init__(self, server: Any) -> None:
        self.server = server
        self.cookie: str | None = None
        self.csrf: str | None = None
        self.origin: str = server.url

    def headers(self, **sent: str | None) -> dict[str, str]:
        cookie = sent.get("cookie", self.cookie)
        given = {
            "Cookie": None if cookie is None else f"other=1; {COOKIE}={cookie}",
            "X-CSRF-Token": sent.get("csrf", self.csrf),
            "Origin": sent.get("origin", self.origin),
            "X-Customer-Code": sent.get("space"),
        }
        return {name: value for name, value in given.items() if value is not None}

    async def call(self, method: str, path: str, body: Any = None, **sent: str | None) -> Any:
        answer = await self.server.call(method, path, body, key=None, headers=self.headers(**sent))
        for line in answer.headers.getall("Set-Cookie", []):
            name, _, rest = line.partition("=")
            assert name == COOKIE
            self.cookie = rest.partition(";")[0].strip('"') or None
        return answer

    async def log_in(self, **body: str) -> Any:
        """Log in, and remember the token; the answer."""
        answer = await self.call("POST", "/v1/sessions", body)
        if answer.status == 200:
            self.csrf = answer.data["csrfToken"]
        return answer

    async def by_link(self, member: str | None = None, key: str = "") -> Any:
        """Log in by a fresh link of a member, or of the key."""
        made = await self.server.call(
            "POST", "/v1/login-links", {"member": member} if member else {}, key=key
        )
        return await self.log_in(link=made.data["url"].partition("#")[2])


async def member(server: Any, name: str = "Ada", role: str = "operator", key: str = "", **how: Any) -> Any:
    """A new member, as it is shown."""
    body = {"name": name, "email": f"{name.lower()}@example.com", "role": role}
    return (await server.call("POST", "/v1/members", body, key=key, **how)).data


async def logged_in(server: Any, name: str = "Ada", role: str = "operator") -> Browser:
    """The browser of a new member."""
    browser = Browser(server)
    await browser.by_link((await member(server, name, role))["id"])
    return browser
