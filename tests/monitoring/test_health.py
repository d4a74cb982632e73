"""R-HEALTH: the final shape, true figures, and an answer at once."""

from __future__ import annotations

import asyncio
import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.test import AsyncClient

from apps.market.models import MarketState
from apps.monitoring import health
from apps.monitoring.together import Together
from apps.portfolio.services import keep_ledger_check
from tests.patience import at_most

pytestmark = pytest.mark.django_db(transaction=True)

FIGURES = [
    "connections",
    "totalConnections",
    "avgConnectionDuration",
    "reconnectRate",
    "messagesPerSecond",
    "errorRate",
    "latency",
]


@pytest.fixture(autouse=True)
async def own_pulse(monkeypatch: pytest.MonkeyPatch) -> Any:
    pulse = health.Pulse()
    together = Together()
    monkeypatch.setattr(health, "_pulse", pulse)
    monkeypatch.setattr(health, "together", together)
    yield pulse
    for task in (pulse.task, together.task):
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


@sync_to_async
def desk_was_heard(seconds_ago: float) -> None:
    beat = datetime.now(UTC) - timedelta(seconds=seconds_ago)
    MarketState.objects.create(feed="simulated", is_open=True, beat_at=beat)


async def test_a_working_desk_is_healthy(async_client: AsyncClient) -> None:
    await desk_was_heard(seconds_ago=1)

    answer = await async_client.get("/health")

    report = answer.json()
    assert (answer.status_code, report["status"]) == (200, "healthy")
    assert list(report["websocket"]) == FIGURES
    assert list(report["websocket"]["latency"]) == ["quote", "event", "state"]
    assert report["database"]["status"] == "ok"
    assert report["feed"]["status"] == "ok"
    assert report["redis"] == {"status": "off"}
    assert report["memory"]["rss"] > 1_000_000
    assert report["uptime"] > 0


async def test_a_silent_desk_is_down_and_says_for_how_long(async_client: AsyncClient) -> None:
    await desk_was_heard(seconds_ago=60)

    answer = await async_client.get("/health")

    assert (answer.status_code, answer.json()["status"]) == (503, "down")
    assert answer.json()["feed"]["reason"] == "the desk has not been heard for 60 s"


@sync_to_async
def desk_is_heard() -> None:
    MarketState.objects.update(beat_at=datetime.now(UTC))


async def test_a_desk_that_begins_beside_it_is_found_soon_after(
    async_client: AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It need not wait for the turn of a process that is long at work."""
    monkeypatch.setattr(health, "EVERY", 3600.0)
    await desk_was_heard(seconds_ago=60)
    before = await async_client.get("/health")
    await desk_is_heard()

    async with asyncio.timeout(at_most(2)):
        while (await async_client.get("/health")).status_code != 200:
            await asyncio.sleep(0.02)

    assert before.status_code == 503


@sync_to_async
def ledger_was_checked(hours_ago: float, found: dict[str, Any] | None = None) -> None:
    keep_ledger_check(datetime.now(UTC) - timedelta(hours=hours_ago), found or {})


async def test_a_ledger_that_adds_up_is_ok(async_client: AsyncClient) -> None:
    await desk_was_heard(seconds_ago=1)
    await ledger_was_checked(hours_ago=1)

    answer = await async_client.get("/health")

    report = answer.json()["ledger"]
    assert (answer.status_code, answer.json()["status"]) == (200, "healthy")
    assert list(report) == ["status", "checkedSecondsAgo", "wrong", "milliseconds", "ageSeconds"]
    assert (report["status"], report["wrong"]) == ("ok", 0)
    assert 3600 <= report["checkedSecondsAgo"] < 3700


async def test_before_the_first_check_no_figure_is_invented(async_client: AsyncClient) -> None:
    await desk_was_heard(seconds_ago=1)

    answer = await async_client.get("/health")

    report = answer.json()["ledger"]
    assert (answer.status_code, answer.json()["status"]) == (200, "healthy")
    assert (report["status"], report["checkedSecondsAgo"], report["wrong"]) == ("ok", None, None)


async def test_a_ledger_that_does_not_add_up_is_not_healthy(async_client: AsyncClient) -> None:
    """And does not tell everybody what is wrong: the log does, and the command."""
    await desk_was_heard(seconds_ago=1)
    await ledger_was_checked(0, {"cash-is-booked": {"wrong": 2, "ids": ["71", "72"]}})

    answer = await async_client.get("/health")

    report = answer.json()["ledger"]
    assert (answer.status_code, answer.json()["status"]) == (503, "down")
    assert (report["status"], report["wrong"]) == ("down", 2)
    assert report["reason"] == "2 rows do not add up; verify_ledger names them"


async def test_a_late_check_degrades_and_no_more(async_client: AsyncClient) -> None:
    await desk_was_heard(seconds_ago=1)
    await ledger_was_checked(hours_ago=3)

    answer = await async_client.get("/health")

    report = answer.json()["ledger"]
    assert (answer.status_code, answer.json()["status"]) == (200, "degraded")
    assert (report["status"], report["wrong"]) == ("degraded", 0)
    assert report["reason"] == "the desk has not checked it for 3.0 h"


async def test_a_check_that_never_came_is_late_too(async_client: AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    await desk_was_heard(seconds_ago=1)
    monkeypatch.setattr(health, "STARTED", time.monotonic() - 3 * 3600)

    answer = await async_client.get("/health")

    report = answer.json()["ledger"]
    assert (answer.status_code, answer.json()["status"]) == (200, "degraded")
    assert (report["status"], report["checkedSecondsAgo"], report["wrong"]) == ("degraded", None, None)


async def test_without_a_desk_no_check_is_due(async_client: AsyncClient) -> None:
    """The desk is what is missing, and is said to be."""
    await desk_was_heard(seconds_ago=60)
    await ledger_was_checked(hours_ago=3)

    report = (await async_client.get("/health")).json()

    assert (report["status"], report["feed"]["status"], report["ledger"]["status"]) == ("down", "down", "ok")


async def test_figures_nobody_can_know_are_null(async_client: AsyncClient, settings: Any) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1"

    answer = await async_client.get("/health")

    report = answer.json()
    assert report["websocket"] == dict.fromkeys(FIGURES)
    assert (report["processes"], report["memory"]) == (None, {"rss": None})
    assert answer.json()["redis"]["status"] == "down"


async def test_a_hanging_dependency_does_not_hold_up_the_answer(
    async_client: AsyncClient, own_pulse: health.Pulse, monkeypatch: pytest.MonkeyPatch
) -> None:
    await desk_was_heard(seconds_ago=1)
    await async_client.get("/health")
    released = threading.Event()

    def hangs() -> health.Report:
        released.wait(30)
        return {"status": "ok"}

    monkeypatch.setattr(health, "checks", lambda: {"database": hangs})
    await own_pulse.look()
    started = time.monotonic()

    answer = await async_client.get("/health")

    took = time.monotonic() - started
    released.set()
    assert took < at_most(0.5)
    report = answer.json()["database"]
    assert report.pop("ageSeconds") < at_most(0.5)
    assert report == {"status": "down", "reason": "no answer in 1 s", "milliseconds": None}
    assert answer.status_code == 503


async def test_four_that_hang_leave_the_fifth_as_it_is(
    own_pulse: health.Pulse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A database that hangs keeps four threads for as long; whoever looks after Redis has one yet."""
    released = threading.Event()

    def hangs() -> health.Report:
        released.wait(30)
        return {"status": "ok"}

    well = {"redis": lambda: {"status": "ok"}}
    hanging = dict.fromkeys(("database", "feed", "ledger", "canary"), hangs)
    monkeypatch.setattr(health, "checks", lambda: {**hanging, **well})

    rounds = []
    for _ in range(2):
        await own_pulse.look()
        rounds.append({name: report["status"] for name, report in own_pulse.reports.items()})
    released.set()

    assert rounds == [{**dict.fromkeys(hanging, "down"), "redis": "ok"}] * 2


async def test_an_answer_says_how_old_it_is(own_pulse: health.Pulse, monkeypatch: pytest.MonkeyPatch) -> None:
    """A look that failed took its time too; only one without an answer has none."""

    def fails() -> health.Report:
        raise ConnectionError

    monkeypatch.setattr(health, "checks", lambda: {"database": fails, "feed": lambda: {"status": "ok"}})
    await own_pulse.look()
    own_pulse.made_at["feed"] -= 60

    _, report = own_pulse.report()

    assert 0 <= report["database"]["ageSeconds"] < at_most(1)
    assert 60 <= report["feed"]["ageSeconds"] < 60 + at_most(1)
    assert (report["database"]["reason"], report["database"]["milliseconds"] >= 0) == ("ConnectionError", True)
    assert report["redis"] == {"status": "off"}


async def test_only_get_is_answered(async_client: AsyncClient) -> None:
    assert (await async_client.post("/health")).status_code == 405
