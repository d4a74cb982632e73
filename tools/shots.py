"""Screenshots: those of README and the runbook, or with `all` every page in both themes and widths into var/shots."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import httpx
from playwright.sync_api import Browser, expect

from tests.browser import chromium
from tests.browser.accessibility import LIVE
from tests.browser.pages import SIGNED_IN, SIGNED_OUT, THEMES
from tests.browser.server import ROOT, DeskServer

from .desk import open_browser, running_desk, signed_in

README = {
    "desk-light": ("alice", "/", chromium.DESKTOP, "light"),
    "desk-dark": ("alice", "/", chromium.DESKTOP, "dark"),
    "desk-phone": ("alice", "/", chromium.PHONE, "light"),
    "ops": ("admin", "/ops/", chromium.DESKTOP, "light"),
    "ops-trading": ("admin", "/ops/trading/", chromium.DESKTOP, "dark"),
    "status": ("", "/status/", chromium.DESKTOP, "light"),
}  # by name: who looks, at what, how wide and in which theme
SEEN_FOR_S = 75  # so that operations have a minute to show
MORNING = (
    ("AAPL", "buy", "60", ""),
    ("MSFT", "buy", "20", ""),
    ("NVDA", "buy", "45", ""),
    ("KO", "buy", "120", ""),
    ("AAPL", "sell", "15", ""),
    ("MSFT", "buy", "10", "425.00"),
    ("KO", "sell", "50", "65.20"),
)  # what Alice has done before the picture is taken: symbol, side, quantity, limit
WIDTHS = {"1440": chromium.DESKTOP, "390": chromium.PHONE}


def trade(server: DeskServer) -> None:
    """Sends the morning's orders and waits until those at the market have filled."""
    client = signed_in(server)
    client.headers["Accept"] = "application/json"
    for symbol, side, quantity, limit in MORNING:
        fields = {"symbol": symbol, "side": side, "quantity": quantity, "time_in_force": "gtc"}
        fields |= {"order_type": "limit", "limit_price": limit} if limit else {"order_type": "market"}
        order = send(client, fields)
        while not limit and client.get(f"/orders/{order['id']}/").json()["status"] != "filled":
            time.sleep(0.1)


def send(client: httpx.Client, fields: dict[str, str]) -> dict[str, str]:
    """The order, once its symbol has a quote: a desk that has just started has not yet one of each."""
    while True:
        answer = client.post("/orders/", data=fields)
        if not (answer.status_code == 422 and answer.json().get("rule") == "no_quote"):
            order: dict[str, str] = answer.raise_for_status().json()
            return order
        time.sleep(0.1)


def shoot(
    browser: Browser, server: DeskServer, path: str, trader: str, file: Path, full: bool, **options: object
) -> None:
    """One page as a fresh visitor sees it, once its line is live."""
    context = chromium.context_of(browser, server.url, chromium.Watch(), **options)
    page = context.new_page()
    if trader:
        chromium.sign_in(page, trader)
    page.goto(path)
    if page.locator("#conn").count():
        expect(page.locator(LIVE)).to_have_count(1, timeout=10_000)
    page.wait_for_timeout(2000)  # charts are drawn
    page.screenshot(path=file, full_page=full)
    context.close()


def main() -> None:
    every = sys.argv[1:] == ["all"]
    folder = ROOT / ("var/shots" if every else "docs/screenshots")
    folder.mkdir(parents=True, exist_ok=True)
    with running_desk() as server, open_browser() as browser:
        trade(server)
        if not every:
            time.sleep(SEEN_FOR_S)
            for name, (trader, path, viewport, theme) in README.items():
                file = folder / f"{name}.png"
                shoot(browser, server, path, trader, file, full=path != "/", viewport=viewport, color_scheme=theme)
            return
        visits = [("", path) for path in SIGNED_OUT] + [("alice", path) for path in SIGNED_IN]
        for theme in THEMES:
            for width, viewport in WIDTHS.items():
                for trader, path in visits:
                    name = path.strip("/").replace("/", "-") or ("desk" if trader else "welcome")
                    file = folder / f"{name}-{width}-{theme}.png"
                    shoot(browser, server, path, trader, file, full=True, viewport=viewport, color_scheme=theme)
    print(f"{len(list(folder.glob('*.png')))} pictures in {folder.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
