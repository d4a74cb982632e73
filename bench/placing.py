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
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlencode

import uvloop

from tests.browser.server import DeskServer, manage, prepare
from tests.services import postgres

from .consumed import consumed, consumed_by_children, server_of
from .http_line import Line
from .orders import TOKEN

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
ORDER = {"symbol": "AAPL", "side": "buy", "quantity": "1", "order_type": "limit", "limit_price": "1.00"}
Meters = dict[str, Callable[[], float]]


class Took:
    """After the warm-up: milliseconds of every answer, how many of each status there were, and the processor time (ms)
    that each party took for one order."""

    def __init__(self) -> None:
        self.ms: list[float] = []
        self.statuses: Counter[int] = Counter()
        self.answered = 0
        self.cpu_ms: dict[str, float] = {}

    @property
    def rate(self) -> float:
        return len(self.ms) / SECONDS

    @property
    def refused(self) -> int:
        return sum(count for status, count in self.statuses.items() if status != 201)

    def percentile(self, number: int) -> float:
        return statistics.quantiles(self.ms, n=100, method="inclusive")[number - 1]

    async def watch(self, meters: Meters, started: float) -> None:
        await asyncio.sleep(started + WARM_UP - time.perf_counter())
        before, answered = {name: meter() for name, meter in meters.items()}, self.answered
        await asyncio.sleep(started + WARM_UP + SECONDS - time.perf_counter())
        orders = max(1, self.answered - answered)
        self.cpu_ms = {name: 1000 * (meter() - before[name]) / orders for name, meter in meters.items()}


async def trader(line: Line, session: str, started: float, every: float, took: Took) -> None:
    """Sends orders far below the market: one each `every` seconds, or after each answer. One that is sent late, for
    the last one took so long, took from when it was due."""
    headers = {
        "Cookie": f"sessionid={session}; csrftoken={TOKEN}",
        "X-CSRFToken": TOKEN,
        "Accept": "application/json",
        "Content-Type": "application/x-www-form-urlencoded",
    }
    order = line.request("POST", "/orders/", headers, urlencode({**ORDER, "time_in_force": "gtc"}).encode())
    due, counted_from, until = started, started + WARM_UP, started + WARM_UP + SECONDS
    while max(due, time.perf_counter()) < until:
        await asyncio.sleep(due - time.perf_counter())
        began = due if every else time.perf_counter()
        answer = await line.ask(order)
        due += every
        took.answered += 1
        if began >= counted_from:
            took.ms.append(1000 * (time.perf_counter() - began))
            took.statuses[answer.status] += 1
    line.close()


async def load(port: int, sessions: list[str], meters: Meters, a_second: float = 0) -> Took:
    """All of them together, `a_second` orders a second or as many as there can be."""
    took, every = Took(), len(sessions) / a_second if a_second else 0
    lines = [await Line.to(port) for _ in sessions]
    started = time.perf_counter()
    turns = [started + every * place / len(sessions) for place in range(len(sessions))]
    traders = zip(lines, sessions, turns, strict=True)
    sending = [trader(line, session, turn, every, took) for line, session, turn in traders]
    await asyncio.gather(took.watch(meters, started), *sending)
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
            sessions, meters = printed.split()[-TRADERS:], meters_of(server, database)
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                paced = runner.run(load(server.port, sessions, meters, LEAST_A_SECOND))
                return paced, runner.run(load(server.port, sessions, meters))
        finally:
            server.terminate()


def meters_of(server: DeskServer, database: str) -> Meters:
    """Whose processor time is looked at: what the web process takes for quotes and the desk beside is in it."""
    web, postmaster = server.process.pid if server.process else 0, server_of(database)
    return {
        "web": lambda: consumed(web),
        "PostgreSQL": lambda: consumed_by_children(postmaster),
        "client": time.process_time,
    }


def table() -> tuple[str, bool]:
    """In Markdown, and whether the claims hold."""
    paced, at_once = measured()
    held = at_once.rate >= LEAST_A_SECOND and paced.percentile(99) < MOST_P99_MS
    parties = ", ".join(paced.cpu_ms)
    lines = [
        f"### Placing: {TRADERS} traders, HTTP to commit on PostgreSQL",
        "",
        "One web process with the desk in it, PostgreSQL and the client, all on the same two cores.",
        "",
        f"| sent | orders/s (least {LEAST_A_SECOND}) | P50 ms | P99 ms (most {MOST_P99_MS}, as wanted) | not taken "
        f"| CPU ms an order: {parties} |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
        line(f"{LEAST_A_SECOND} a second, evenly", paced),
        line("each after its last answer", at_once),
    ]
    return "\n".join(lines), held and not (paced.refused or at_once.refused)


def line(sent: str, took: Took) -> str:
    spent = " + ".join(f"{ms:.1f}" for ms in took.cpu_ms.values())
    figures = f"{took.rate:,.0f} | {took.percentile(50):.0f} | {took.percentile(99):.0f} | {took.refused} | {spent}"
    return f"| {sent} | {figures} |"
