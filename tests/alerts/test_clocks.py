"""Clocks that jump or disagree: every look is taken, and judged by its own."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine

from apps import telemetry
from apps.alerts import clocks, services
from apps.alerts.models import Alert, Delivery, Rule, Sample, Span
from apps.alerts.queries import changed_us, curves, latest
from apps.alerts.sending import send_due
from apps.incidents import services as incidents
from apps.incidents.models import Day
from apps.incidents.queries import latest_look
from apps.live.moments import micros

from .conftest import NOW, QUIET, Receiver, channel, looks

STEP, HOUR, THREE_DAYS = timedelta(seconds=10), timedelta(hours=1), timedelta(days=3)


@pytest.fixture(autouse=True)
def nothing_told() -> None:
    clocks.told_of.clear()


def faults() -> float:
    return telemetry.value(telemetry.faults.labels("clock"))


def said(caplog: pytest.LogCaptureFixture) -> int:
    return sum("clock is wrong, or was set back" in line for line in caplog.messages)


def test_a_clock_set_back_by_an_hour_stops_no_look(rule: Rule, caplog: pytest.LogCaptureFixture) -> None:
    """What fired when it was the same hour before is of another window."""
    Rule.objects.update(window_s=60)
    looks(*[9] * 20)
    idle = {"parts": {"connections": [0, 1]}, "raw": QUIET}
    Sample.objects.bulk_create(Sample(at=NOW + number * STEP, **idle) for number in range(20, 359))
    looks(0, start=NOW + 359 * STEP)
    before, back = faults(), NOW + timedelta(seconds=5)

    looks(0, 0, 0, start=back)
    fired = Alert.objects.filter(resolved_at=None).count()
    looks(9, 9, 9, 9, 9, 9, start=back + 3 * STEP)

    alert = Alert.objects.latest("pk")
    assert (Sample.objects.count(), fired) == (369, 0)
    assert (alert.raised_at, alert.resolved_at) == (back + 6 * STEP, None)
    assert (faults() - before, said(caplog)) == (1, 1)


def test_what_fires_when_the_clock_is_set_back_lasts_no_negative_time(rule: Rule) -> None:
    looks(*[0] * 10, 9)
    looks(9, 0, start=NOW - HOUR)

    alert = Alert.objects.get()
    assert alert.resolved_at == alert.raised_at == NOW + 10 * STEP


def test_one_look_of_a_clock_three_days_ahead_stops_no_other(
    rule: Rule, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    """It is told of at once, shown to nobody as the present, and in no window."""
    channel("slack", f"{receiver.url}/ops")
    before = faults()
    looks(0, 0)
    services.look({**QUIET, "connections": 100}, NOW + THREE_DAYS)
    raised = Alert.objects.get()

    looks(0, 0, 9, start=NOW + 2 * STEP)

    now = NOW + 4 * STEP
    raised.refresh_from_db()
    assert (raised.value, raised.resolved_at) == (100, NOW + THREE_DAYS)
    assert Alert.objects.latest("pk").raised_at == now
    assert (faults() - before, said(caplog)) == (1, 1)
    assert send_due(now) == Delivery.objects.count() == 3
    found = latest(now)
    assert found is not None
    assert (found.at, changed_us(now), latest_look(now)) == (now, micros(now), found)
    assert [len(curves(span, now)["at"]) for span in ("hour", "day")] == [5, 1]


def test_one_look_of_a_clock_that_is_years_ahead_forgets_nothing(rule: Rule) -> None:
    looks(0, 0)

    looks(0, start=NOW + timedelta(days=4000))

    assert (Sample.objects.count(), Span.objects.count()) == (3, 2)


@pytest.mark.parametrize("days", [3, 4000])
def test_one_look_of_a_clock_that_is_ahead_makes_no_day_of_the_status_page_and_forgets_none(
    rule: Rule, monkeypatch: pytest.MonkeyPatch, days: int
) -> None:
    """By the clock of the database, which all processes share."""
    Day.objects.create(component="desk", on=(NOW - timedelta(days=80)).date(), up=7)
    for number, ahead in enumerate((0, 0, days, 0)):
        shared = NOW + number * STEP
        monkeypatch.setattr(incidents, "read_database_time", lambda moment=shared: moment)
        looks(0, start=shared + timedelta(days=ahead), components={"feed": "ok"})

    found = Day.objects.filter(on=NOW.date()).order_by("component")
    assert [(day.up, day.down) for day in found] == [(4, 0)] * 3
    assert Day.objects.count() == 4


def test_processes_whose_clocks_disagree_each_look_every_ten_seconds(rule: Rule) -> None:
    """And counts of one look are told from the last by the same clock."""
    Rule.objects.update(window_s=60, lasting_s=60)
    for turn in range(60):  # 2.5 s each
        now = NOW + turn * timedelta(seconds=2.5)
        for ahead in (timedelta(), THREE_DAYS):
            services.look({**QUIET, "connections": 9, "frames": 10 * turn}, now + ahead)

    parts = [parts["error_rate"] for parts in Sample.objects.order_by("pk").values_list("parts", flat=True)]
    assert len(parts) == 30
    assert parts.count(None) == 2
    assert Alert.objects.get().raised_at == NOW + 6 * STEP
    assert Span.objects.count() == 2


def test_a_clock_that_is_a_little_ahead_is_the_same(rule: Rule, caplog: pytest.LogCaptureFixture) -> None:
    before = faults()
    looks(1, start=NOW + timedelta(seconds=9))

    looks(1)

    assert (Sample.objects.count(), faults() - before, said(caplog)) == (1, 0, 0)


def test_an_open_page_follows_whoever_looked_last(rule: Rule, admin_client: Any) -> None:
    Rule.objects.update(threshold=1000)
    looks(2, 3)
    services.look({**QUIET, "connections": 777}, NOW + THREE_DAYS)
    looks(5, start=NOW + 2 * STEP)

    with time_machine.travel(NOW + 2 * STEP, tick=False):
        page = admin_client.get("/ops/").content.decode()

    assert f'data-ts="{micros(NOW + 2 * STEP)}"' in page
    assert "777" not in page
