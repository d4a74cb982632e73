"""Orders from HTTP to commit: fifty traders send them to one web process over a real PostgreSQL, on one machine.

Twice: at the rate that is wanted, evenly spread, which says how long an order takes; and each as soon as its last one
is answered, which says how many there can be. There fifty always wait, and wait fifty times what an order takes.
"""

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

    @property
    def rate(self) -> float:
        return len(self.ms) / SECONDS

    @property
    def refused(self) -> int:
        return sum(count for status, count in self.statuses.items() if status != 201)

    def percentile(self, number: int) -> float:
        return statistics.quantiles(self.ms, n=100, method="inclusive")[number - 1]


async def trader(client: httpx.AsyncClient, session: str, started: float, every: float, took: Took) -> None:
    """Sends orders far below the market: one each `every` seconds, or after each answer. One that is sent late, for
    the last one took so long, took from when it was due."""
    page = await client.get("/orders/ticket/", headers={"Cookie": f"sessionid={session}"})
    token = page.cookies["csrftoken"]
    headers = {
        "Cookie": f"sessionid={session}; csrftoken={token}",
        "X-CSRFToken": token,
        "Accept": "application/json",
    }
    order = {"symbol": "AAPL", "side": "buy", "quantity": "1", "order_type": "limit", "limit_price": "1.00"}
    due, counted_from, until = started, started + WARM_UP, started + WARM_UP + SECONDS
    while max(due, time.perf_counter()) < until:
        await asyncio.sleep(due - time.perf_counter())
        began = due if every else time.perf_counter()
        answer = await client.post("/orders/", data={**order, "time_in_force": "gtc"}, headers=headers)
        due += every
        if began >= counted_from:
            took.ms.append(1000 * (time.perf_counter() - began))
            took.statuses[answer.status_code] += 1


async def load(url: str, sessions: list[str], a_second: float = 0) -> Took:
    """All of them together, `a_second` orders a second or as many as there can be."""
    took, started, every = Took(), time.perf_counter(), len(sessions) / a_second if a_second else 0
    limits = httpx.Limits(max_connections=TRADERS, max_keepalive_connections=TRADERS)
    async with httpx.AsyncClient(base_url=url, timeout=60, limits=limits) as client:
        turns = [started + every * place / len(sessions) for place in range(len(sessions))]
        pairs = zip(sessions, turns, strict=True)
        await asyncio.gather(*[trader(client, session, turn, every, took) for session, turn in pairs])
    return took


def measured() -> tuple[Took, Took]:
    """At the rate that is wanted, and as many as there can be."""
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
            sessions = printed.split()[-TRADERS:]
            return asyncio.run(load(server.url, sessions, LEAST_A_SECOND)), asyncio.run(load(server.url, sessions))
        finally:
            server.terminate()


def table() -> tuple[str, bool]:
    """In Markdown, and whether the claims hold."""
    paced, at_once = measured()
    held = at_once.rate >= LEAST_A_SECOND and paced.percentile(99) < MOST_P99_MS
    lines = [
        f"### Placing: {TRADERS} traders, HTTP to commit on PostgreSQL",
        "",
        "One web process with the desk in it, PostgreSQL and the client, all on the same two cores.",
        "",
        f"| sent | orders/s (least {LEAST_A_SECOND}) | P50 ms | P99 ms (most {MOST_P99_MS}, as wanted) | not taken |",
        "| --- | ---: | ---: | ---: | ---: |",
        line(f"{LEAST_A_SECOND} a second, evenly", paced),
        line("each after its last answer", at_once),
    ]
    return "\n".join(lines), held and not (paced.refused or at_once.refused)


def line(sent: str, took: Took) -> str:
    return f"| {sent} | {took.rate:,.0f} | {took.percentile(50):.0f} | {took.percentile(99):.0f} | {took.refused} |"
