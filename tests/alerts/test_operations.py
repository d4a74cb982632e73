"""R-DASH: the operations page, for staff alone, from what was looked at."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from apps.alerts.models import Rule, Sample, Span
from apps.alerts.queries import curves

from .conftest import NOW, looks

STEP = timedelta(seconds=10)


@pytest.mark.parametrize("path", ["/ops/", "/ops/curves.json", "/ops/transport/", "/ops/trading/"])
def test_it_is_there_for_staff_alone(admin_client: Client, client: Client, alice: Any, path: str) -> None:
    strangers = client.get(path)
    client.force_login(alice)

    assert strangers.status_code == 302
    assert client.get(path).status_code == 404
    assert admin_client.get(path).status_code == 200


def test_an_hour_is_told_sample_by_sample(rule: Rule) -> None:
    looks(5, 7, p99_ms=120.0)
    looks(9, start=NOW + 2 * STEP)

    found = curves("hour", NOW + timedelta(minutes=1))

    assert found["at"] == [(NOW + number * STEP).timestamp() for number in range(3)]
    assert found["connections"] == [5, 7, 9]
    assert found["p99_ms"] == [120, 120, None]


def test_a_day_is_told_in_spans_of_ten_minutes(rule: Rule) -> None:
    for number, (frames, faults) in enumerate([(0, 0), (900, 9), (1000, 109)]):
        looks(10 * number, start=NOW + number * STEP, frames=frames, faults=faults)
    looks(50, start=NOW + timedelta(minutes=10))

    found = curves("day", NOW + timedelta(hours=1))

    assert found["at"] == [NOW.timestamp(), (NOW + timedelta(minutes=10)).timestamp()]
    assert found["connections"] == [10, 50]
    assert found["error_rate"] == [100 * 109 / 1000, None]
    assert Span.objects.earliest("at").parts["connections"] == [30, 3, 20]


def test_the_page_shows_what_fires_and_what_is_over(admin_client: Client, rule: Rule) -> None:
    with time_machine.travel(NOW + timedelta(minutes=1), tick=False):
        looks(6, 1, 8, components={"feed": "ok"})
        page = admin_client.get("/ops/").content.decode()
        part = admin_client.get("/ops/", headers={"hx-request": "true"}).content.decode()

    assert "1 firing" in page
    assert "mean time to resolve, 30 days: 10 s" in page
    assert page.count(f"/admin/alerts/rule/{rule.pk}/change/") == 2
    assert part.strip() in page
    assert "<h1>" not in part


def test_thirty_days_are_told_fast(rule: Rule, admin_client: Client, record_property: Any) -> None:
    part = {name: [1.0, 2.0, 1.0] for name in ("connections", "error_rate", "reconnect_rate", "p95_ms", "p99_ms")}
    with time_machine.travel(NOW, tick=False):
        tens = [NOW - number * timedelta(minutes=10) for number in range(30 * 144)]
        Span.objects.bulk_create(Span(at=at, parts=part) for at in tens)
        Sample.objects.bulk_create(Sample(at=NOW - number * STEP, parts=part) for number in range(360))
        started = time.perf_counter()
        found = [admin_client.get(f"/ops/curves.json?span={span}").json() for span in ("hour", "month")]
    record_property("figure", f"30 days and an hour of /ops/ in {1000 * (time.perf_counter() - started):.0f} ms")

    assert [len(each["at"]) for each in found] == [360, 30 * 144]
    assert admin_client.get("/ops/?span=year").status_code == 404
