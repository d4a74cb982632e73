"""What must work after a deploy, tried from outside as a visitor and as a trader."""

from __future__ import annotations

import http.client
import re
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass

from .visitor import SESSION, Visitor, json_of

PAGES = ("/", "/orders/", "/portfolio/", "/watchlist/", "/activity/", "/settings/")
ASSET = re.compile(r'(?:href|src)="(/static/[^"]+\.(?:css|js))"')
FAR_AWAY = "1.00"  # USD: a buy that will not fill


class Failed(Exception):
    """What was found is not what a desk in order shows."""


@dataclass(frozen=True)
class Outcome:
    name: str
    passed: bool
    told: str
    milliseconds: float


class Smoke:
    """Each step says what it saw, or raises. `trader` is a demo trader, `session` the cookie of somebody."""

    def __init__(self, url: str, release: str, trader: str = "", session: str = "", symbol: str = "AAPL") -> None:
        self.visitor, self.release = Visitor(url, session), release
        self.trader, self.session, self.symbol = trader, session, symbol

    def steps(self) -> list[tuple[str, Callable[[], str]]]:
        open_to_all: list[tuple[str, Callable[[], str]]] = [
            ("process lives", self.lives),
            ("process is ready", self.ready),
            ("health", self.health),
            ("release", self.is_release),
            ("welcome page", self.welcome),
            ("static files", self.static),
            ("strangers see nothing", self.strangers),
        ]
        if not (self.trader or self.session):
            return open_to_all
        return [
            *open_to_all,
            ("sign-in", self.sign_in),
            *[(f"page {path}", lambda path=path: self.page(path)) for path in PAGES],
            ("socket and quotes", self.quotes),
            ("paper order, told live", self.order),
        ]

    def run(self) -> list[Outcome]:
        """All of them: one that fails does not keep the others from being tried."""
        outcomes = []
        for name, step in self.steps():
            started = time.monotonic()
            try:
                passed, told = True, step()
            except (Failed, OSError, ValueError, KeyError, http.client.HTTPException) as error:
                passed, told = False, str(error) or type(error).__name__
            outcomes.append(Outcome(name, passed, told, (time.monotonic() - started) * 1000))
        return outcomes

    def expect(self, path: str, wanted: int = 200) -> tuple[dict[str, str], str]:
        status, headers, text = self.visitor.get(path)
        if status != wanted:
            raise Failed(f"{path} answers {status}, not {wanted}")
        return headers, text

    def lives(self) -> str:
        return str(json_of(self.expect("/healthz")[1])["status"])

    def ready(self) -> str:
        return str(json_of(self.expect("/readyz")[1])["status"])

    def health(self) -> str:
        status, _, text = self.visitor.get("/health")
        report = json_of(text)
        ill = {name: part["reason"] for name, part in report.items() if isinstance(part, dict) and "reason" in part}
        if status != 200:
            raise Failed(f"{report['status']}: {ill}")
        return f"{report['status']} {ill or ''}".strip()

    def is_release(self) -> str:
        version = str(json_of(self.expect("/api")[1])["version"])
        if self.release and version != self.release:
            raise Failed(f"{version} runs, not {self.release}")
        return version

    def welcome(self) -> str:
        headers, text = Visitor(self.visitor.origin).get("/")[1:]
        if "Livedesk" not in text or "content-security-policy" not in headers:
            raise Failed("the page is not the welcome page, or has no content security policy")
        return f"{len(text.encode()):,} bytes"

    def static(self) -> str:
        assets = sorted(set(ASSET.findall(Visitor(self.visitor.origin).get("/accounts/login/")[2])))
        for path in assets:
            self.expect(path)
        if not assets:
            raise Failed("the page names no style sheet and no script")
        return f"{len(assets)} files"

    def strangers(self) -> str:
        stranger = Visitor(self.visitor.origin)
        status, headers, _ = stranger.get("/orders/")
        if (status, headers.get("location", "")[:16]) != (302, "/accounts/login/"):
            raise Failed(f"/orders/ answers a stranger {status}")
        line = stranger.socket("/ws/desk/")
        try:
            line.until("never")
        except ValueError as error:
            if "4401" not in str(error):
                raise
            return "302, socket 4401"
        finally:
            line.close()
        raise Failed("a stranger's socket stays open")

    def sign_in(self) -> str:
        if self.session:
            status, _, _ = self.visitor.get("/orders/")
            if status != 200:
                raise Failed(f"the session is not signed in: /orders/ answers {status}")
            return "by session"
        self.expect("/accounts/login/")
        status, _, _ = self.visitor.post("/accounts/demo/", trader=self.trader)
        if status not in {200, 302} or not self.visitor.cookies.keys() & set(SESSION):
            raise Failed(f"the demo sign-in answers {status}")
        return self.trader

    def page(self, path: str) -> str:
        text = self.expect(path)[1]
        return f"{len(text.encode()):,} bytes"

    def quotes(self) -> str:
        line = self.visitor.socket("/ws/desk/?drawn=0&desk=0")
        started = time.monotonic()
        try:
            line.until('id="')
            first = time.monotonic() - started
            line.until('id="quote-')
        finally:
            line.close()
        return f"first frame after {first * 1000:.0f} ms, quotes move"

    def order(self) -> str:
        """Placed, told over the socket, the same when sent again, cancelled."""
        name = f"smoke-{uuid.uuid4()}"
        ticket = {
            "symbol": self.symbol,
            "side": "buy",
            "order_type": "limit",
            "quantity": "1",
            "limit_price": FAR_AWAY,
            "time_in_force": "gtc",
            "client_order_id": name,
        }
        line = self.visitor.socket("/ws/desk/?drawn=0&desk=0")
        try:
            line.until('id="')
            started = time.monotonic()
            status, _, text = self.visitor.post("/orders/", **ticket)
            if status != 201:
                raise Failed(f"the order is answered {status}: {text[:200]}")
            order_id = str(json_of(text)["id"])
            line.until('data-kind="order.accepted"')
            took = time.monotonic() - started
        finally:
            line.close()
        again, _, text = self.visitor.post("/orders/", **ticket)
        if (again, str(json_of(text)["id"])) != (200, order_id):
            raise Failed("the same order sent again is not the same order")
        status, _, _ = self.visitor.post(f"/orders/{order_id}/cancel/")
        if status != 200:
            raise Failed(f"cancelling answers {status}; cancel order {order_id} by hand")
        return f"told {took * 1000:.0f} ms after it was sent, cancelled"
