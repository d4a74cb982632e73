"""Orders from HTTP to commit: fifty traders send them to one web process over a real PostgreSQL, on one machine."""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from collections import Counter
from pathlib import Path

import httpx

from tests.browser.server import DeskServer, manage, prepare
from tests.services import postgres

NAME = "placing"
TRADERS = 50
SECONDS, WARM_UP = 10.0, 3.0
LEAST_A_SECOND, MOST_P99_MS = 150, 100
SETTINGS = {
    "SECRET_KEY": "a key for a bench, of fifty characters and some more",
    "ALLOWED_HOSTS": "127.0.0.1,localhost",
    "DEMO_SIGN_IN": "on",
    "HTTPS": "off",
    "STAFF_MFA": "off",
    "SIM_RATE": "1",
    "QUOTE_STALE_MS": "600000",
}


class Took:
    """Milliseconds of every answer after the warm-up, and how many of each status there were."""

    def __init__(self) -> None:
        self.ms: list[float] = []
        self.statuses: Counter[int] = Counter()


async def trader(client: httpx.AsyncClient, session: str, until: float, counted_from: float, took: Took) -> None:
    """Sends one order after the other, far below the market, and waits for each answer."""
    own = {"sessionid": session}
    page = await client.get("/orders/ticket/", headers={"Cookie": f"sessionid={session}"})
    token = page.cookies["csrftoken"]
    headers = {
        "Cookie": f"sessionid={own['sessionid']}; csrftoken={token}",
        "X-CSRFToken": token,
        "Accept": "application/json",
    }
    order = {"symbol": "AAPL", "side": "buy", "quantity": "1", "order_type": "limit", "limit_price": "1.00"}
    while time.perf_counter() < until:
        began = time.perf_counter()
        answer = await client.post("/orders/", data={**order, "time_in_force": "gtc"}, headers=headers)
        if began >= counted_from:
            took.ms.append(1000 * (time.perf_counter() - began))
            took.statuses[answer.status_code] += 1


async def load(url: str, sessions: list[str]) -> Took:
    took, started = Took(), time.perf_counter()
    limits = httpx.Limits(max_connections=TRADERS, max_keepalive_connections=TRADERS)
    async with httpx.AsyncClient(base_url=url, timeout=60, limits=limits) as client:
        until, counted_from = started + WARM_UP + SECONDS, started + WARM_UP
        await asyncio.gather(*[trader(client, session, until, counted_from, took) for session in sessions])
    return took


def measured() -> Took:
    with tempfile.TemporaryDirectory(prefix="livedesk-placing-") as name, postgres() as database:
        folder = Path(name)
        prepare(folder / "template")
        settings = {**SETTINGS, "DATABASE_URL": database}
        server = DeskServer(folder / "template", folder, **settings)
        manage(server.var, "migrate", "--verbosity", "0", **settings)
        manage(server.var, "seed_demo", **settings)
        printed = manage(server.var, "demo_sessions", "--count", str(TRADERS), **settings)
        server.start()
        try:
            return asyncio.run(load(server.url, printed.split()[-TRADERS:]))
        finally:
            server.terminate()


def table() -> tuple[str, bool]:
    """In Markdown, and whether the claims hold."""
    took = measured()
    rate, parts = len(took.ms) / SECONDS, statistics.quantiles(took.ms, n=100, method="inclusive")
    refused = sum(count for status, count in took.statuses.items() if status != 201)
    held = rate >= LEAST_A_SECOND and parts[98] < MOST_P99_MS and not refused
    lines = [
        f"### Placing: {TRADERS} traders at once, HTTP to commit on PostgreSQL, the client on the same two cores",
        "",
        "| orders/s | P50 ms | P99 ms | not taken |",
        "| ---: | ---: | ---: | ---: |",
        f"| {rate:,.0f} (least {LEAST_A_SECOND}) | {parts[49]:.0f} | {parts[98]:.0f} (most {MOST_P99_MS}) "
        f"| {refused} |",
    ]
    return "\n".join(lines), held
