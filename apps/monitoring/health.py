"""How the desk is. Checked in the background every two seconds, soon again at first, so that a question is answered at
once even while a dependency hangs."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from typing import Any

import redis
from channels.db import database_sync_to_async
from django.conf import settings
from django.db import connection
from redis.backoff import NoBackoff
from redis.retry import Retry

from apps import telemetry
from apps.canary import queries as canaries
from apps.market.queries import market_state
from apps.portfolio.queries import last_ledger_check

from .figures import websocket
from .together import together

log = logging.getLogger(__name__)

SOON, EVERY = 0.1, 2.0
BUDGET = 1.0
FEED_SILENT_S = 10.0
LEDGER_LATE_S = 2 * 3600.0
COMPONENTS = ("database", "redis", "feed", "ledger", "canary")
STARTED = time.monotonic()
# A thread for each: one that hangs takes none from another
CHECKERS = {name: ThreadPoolExecutor(1, thread_name_prefix=f"health-{name}") for name in COMPONENTS}

Report = dict[str, Any]


def check_database() -> Report:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return {"status": "ok"}


def check_redis() -> Report:
    patience = {"socket_timeout": BUDGET, "socket_connect_timeout": BUDGET, "retry": Retry(NoBackoff(), 0)}
    with redis.Redis.from_url(settings.REDIS_URL, **patience) as client:
        client.ping()
    return {"status": "ok"}


def check_feed() -> Report:
    market = market_state()
    if market.beat_at is None:
        return {"status": "down", "reason": "no desk has run yet"}
    silent = seconds_since(market.beat_at)
    report = {
        "status": "ok",
        "name": market.feed,
        "open": market.is_open,
        "quoting": market.is_quoting,
        "silentSeconds": round(silent, 1),
    }
    if silent > FEED_SILENT_S:
        report |= {"status": "down", "reason": f"the desk has not been heard for {silent:.0f} s"}
    return report


def check_ledger() -> Report:
    """Books that do not add up are down. A late check is less: it says nothing of the books, but that nobody looks."""
    checked = last_ledger_check()
    ago = None if checked is None else seconds_since(checked.at)
    report = {
        "status": "ok",
        "checkedSecondsAgo": None if ago is None else round(ago, 1),
        "wrong": None if checked is None else checked.wrong,
    }
    if checked is not None and checked.wrong:
        report |= {"status": "down", "reason": f"{checked.wrong} rows do not add up; verify_ledger names them"}
    elif (waited := time.monotonic() - STARTED if ago is None else ago) > LEDGER_LATE_S and desk_runs():
        report |= {"status": "degraded", "reason": f"the desk has not checked it for {waited / 3600:.1f} h"}
    return report


def desk_runs() -> bool:
    beat = market_state().beat_at
    return beat is not None and seconds_since(beat) <= FEED_SILENT_S


def check_canary() -> Report:
    """Of one's own way to the pages; less than down, for the desk may trade on."""
    now = datetime.now(UTC)
    found = canaries.canary(now)
    ago = found.seconds_ago(now)
    report: Report = {
        "status": "ok",
        "lastMilliseconds": found.milliseconds,
        "flownSecondsAgo": None if ago is None else round(ago, 1),
        "failedInARow": found.failed_in_a_row,
    }
    uptime = time.monotonic() - STARTED
    if found.is_known(now) and found.failed_in_a_row >= canaries.FAILS:
        reason = f"the last {found.failed_in_a_row} failed, the last one to {found.failed}"
        report |= {"status": "degraded", "reason": reason}
    elif not found.is_known(now) and uptime > canaries.overdue_s():
        report |= {"status": "degraded", "reason": "none has flown for longer than three turns"}
    return report


def seconds_since(moment: datetime) -> float:
    return (datetime.now(UTC) - moment).total_seconds()


def checks() -> dict[str, Callable[[], Report]]:
    """What this deployment depends on."""
    always: dict[str, Callable[[], Report]] = {
        "database": check_database,
        "feed": check_feed,
        "ledger": check_ledger,
    }
    if settings.REDIS_URL:
        always["redis"] = check_redis
    if settings.CANARY_SECONDS:
        always["canary"] = check_canary
    return always


class Pulse:
    """Keeps the last report of each dependency, and when it was made."""

    def __init__(self) -> None:
        self.reports: dict[str, Report] = {}
        self.made_at: dict[str, float] = {}
        self.task: asyncio.Task[None] | None = None

    async def keep(self) -> None:
        """What begins beside this process is found within as long again as it took: the pauses double."""
        pause = SOON
        while True:
            await asyncio.sleep(pause)
            await self.look()
            pause = min(pause * 2, EVERY)

    async def look(self) -> None:
        """One round of all checks, side by side."""
        await asyncio.gather(*(self.check(name, work) for name, work in checks().items()))

    async def check(self, name: str, work: Callable[[], Report]) -> None:
        started = time.monotonic()
        try:
            asked = database_sync_to_async(work, thread_sensitive=False, executor=CHECKERS[name])()
            report = await asyncio.wait_for(asked, BUDGET)
        except (TimeoutError, redis.TimeoutError):
            report = {"status": "down", "reason": f"no answer in {BUDGET:g} s", "milliseconds": None}
        except Exception as error:
            report = {"status": "down", "reason": type(error).__name__}
        ended = time.monotonic()
        report.setdefault("milliseconds", round((ended - started) * 1000, 1))
        if report["status"] not in {"ok", self.reports.get(name, {}).get("status")}:
            log.error("%s is %s: %s", name, report["status"], report["reason"])
        self.reports[name], self.made_at[name] = report, ended
        telemetry.dependency_up.labels(name).set(report["status"] != "down")

    def said_of(self, name: str) -> Report:
        """The last report with its age: one that grows old is of checks that have stopped."""
        if name not in self.reports:
            return {"status": "off"}
        return {**self.reports[name], "ageSeconds": round(time.monotonic() - self.made_at[name], 1)}

    def of_feed(self, name: str) -> float | None:
        """A figure of the last look at the feed; None where that found nothing."""
        found = self.reports.get("feed", {}).get(name)
        return None if found is None else float(found)

    def report(self) -> tuple[int, dict[str, Any]]:
        """The HTTP status and the body of /health: figures are those of all web processes, `uptime` is this one's."""
        ill = {name: report["status"] for name, report in self.reports.items() if report["status"] != "ok"}
        fatal = not self.reports or any(status == "down" and name != "redis" for name, status in ill.items())
        status = "down" if fatal else "degraded" if ill else "healthy"
        told = together.figures()
        return 503 if fatal else 200, {
            "status": status,
            "timestamp": datetime.now(UTC).isoformat(),
            "uptime": round(time.monotonic() - STARTED, 1),
            "processes": len(told) or None,
            "memory": {"rss": sum(each.rss for each in told) or None},
            "websocket": websocket(told),
            **{name: self.said_of(name) for name in COMPONENTS},
        }


_pulse = Pulse()
telemetry.desk_silent.ask = partial(_pulse.of_feed, "silentSeconds")
telemetry.market_quoting.ask = partial(_pulse.of_feed, "quoting")


async def present_report() -> tuple[int, dict[str, Any]]:
    """The last report; the first question starts the checks and waits for one round of them."""
    await together.start()
    await start_checks()
    return _pulse.report()


async def is_ready() -> bool:
    await start_checks()
    return _pulse.reports.get("database", {}).get("status") == "ok"


async def start_checks() -> None:
    loop = asyncio.get_running_loop()
    if _pulse.task is None or _pulse.task.done() or _pulse.task.get_loop() is not loop:
        await _pulse.look()
        _pulse.task = loop.create_task(_pulse.keep())
