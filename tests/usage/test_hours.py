"""R-DASH: the same use by hour: right against a naive count, part of its day, and forgotten after some days."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from apps.accounts.models import User
from apps.live.announce import announce
from apps.usage import keeping, services
from apps.usage.counting import tray
from apps.usage.models import Count, Hour
from apps.usage.queries import hours, sums_of, sums_since, use

from .conftest import NOW, TODAY

pytestmark = pytest.mark.django_db
AN_HOUR = timedelta(hours=1)


def test_hours_are_those_of_a_naive_count_and_add_up_to_their_days() -> None:
    dice, naive = random.Random(24), Counter[tuple[datetime, str, str]]()
    for _ in range(200):
        moment = NOW - timedelta(minutes=dice.randrange(2 * 24 * 60))
        kind, name, number = dice.choice(["page", "act", "stay"]), dice.choice("abc"), dice.randint(1, 9)
        with time_machine.travel(moment, tick=False):
            tray.add(kind, name, number)
        naive[moment.replace(minute=0), kind, name] += number
        if dice.random() < 0.2:
            keeping.write()
    keeping.write()

    assert {(row.hour, row.kind, row.name): row.number for row in Hour.objects.all()} == naive
    days = Counter[tuple[Any, str, str]]()
    for (hour, kind, name), number in naive.items():
        days[hour.date(), kind, name] += number
    assert {(row.day, row.kind, row.name): row.number for row in Count.objects.all()} == days


def test_pages_watched_live_and_events_are_known_by_hour() -> None:
    user = User.objects.create_user("user")
    services.see({user.pk}, TODAY)
    for back, pages in ((1, 2), (1, 1), (0, 1)):
        services.see_live({user.pk}, {"AAPL": [user.pk] * pages}, 5, NOW - back * AN_HOUR)
        with time_machine.travel(NOW - back * AN_HOUR, tick=False):
            announce(f"user/{user.pk}", "order.filled")
    for _ in range(2):
        services.tidy(NOW)

    found = {kind: dict(Hour.objects.filter(kind=kind).values_list("hour", "number")) for kind in ("watched", "event")}
    assert found == {"watched": {NOW: 5, NOW - AN_HOUR: 15}, "event": {NOW: 1, NOW - AN_HOUR: 2}}
    assert sums_of(TODAY, TODAY)["watched", "AAPL"] == 20
    assert not Hour.objects.filter(kind="users").exists()  # who was here in which hour is nobody's to know


def test_a_span_of_hours_is_of_whole_hours_and_the_one_that_runs() -> None:
    for back in range(30):
        services.book_hours({(NOW - back * AN_HOUR, "page", "desk"): 1})

    moment = NOW + timedelta(minutes=20)
    assert [use(span, moment).pages[0].count for span in ("hour", "day")] == [2, 25]
    assert use("hour", moment).figures.adoption is None


def test_charts_have_each_hour() -> None:
    services.book_hours({(NOW, "page", "desk"): 3, (NOW, "act", "place"): 2, (NOW, "watched", "AAPL"): 10})
    earlier = NOW - 2 * AN_HOUR
    services.book_hours({(earlier, "left", "desk"): 2, (earlier, "stay", "desk"): 180_000})

    found = hours("day", NOW + timedelta(minutes=20))

    assert (len(found["at"]), found["at"][-1]) == (24, NOW.timestamp())
    assert (found["used"][-3:], found["looked"][-3:]) == ([0, 0, 5], [1.5, None, None])
    assert found["watched"][-3:] == [0, 0, 10]
    assert len(hours("week", NOW)["at"]) == 168


@pytest.mark.usefixtures("now")
def test_the_page_shows_hours_to_staff_alone(admin_client: Client, client: Client, alice: Any) -> None:
    services.book_hours({(NOW, "page", "desk"): 1234, (NOW - 2 * AN_HOUR, "page", "older"): 5})
    client.force_login(alice)

    page = admin_client.get("/ops/engagement/?span=hour").content.decode()
    month = admin_client.get("/ops/engagement/?span=month").content.decode()
    found = admin_client.get("/ops/engagement/hours.json?span=hour").json()

    assert ">1,234<" in page
    assert ">older<" not in page
    assert 'data-curve-url="/ops/engagement/hours.json?span=hour"' in page
    assert "hours.json" not in month
    assert found["used"][-1] == 1234
    assert admin_client.get("/ops/engagement/hours.json?span=month").status_code == 404
    assert admin_client.get("/ops/engagement/days.json?span=hour").status_code == 404
    assert client.get("/ops/engagement/hours.json").status_code == 404


def test_hours_are_forgotten_after_eight_days() -> None:
    for days in (9, 8, 1):
        services.book_hours({(NOW - timedelta(days=days), "page", "desk"): 1})

    services.tidy(NOW)

    assert sums_since(datetime(2026, 1, 1, tzinfo=UTC)) == {("page", "desk"): 2}
    assert sums_of(TODAY - timedelta(days=30), TODAY) == {("page", "desk"): 3}


@pytest.mark.django_db(transaction=True)
async def test_a_process_asks_once_whether_its_release_is_marked(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is taken away while it runs is not marked again, however often it writes."""
    monkeypatch.setattr(keeping, "EVERY", 0.01)
    kept = asyncio.create_task(keeping.keep())
    marks, pages = Count.objects.filter(kind="release"), Count.objects.filter(kind="page")

    async def until(name: str) -> None:
        async with asyncio.timeout(30):
            while not await pages.filter(name=name).aexists():
                await asyncio.sleep(0.01)

    tray.add("page", "first")
    await until("first")
    marked = await marks.acount()
    await marks.adelete()
    for name in ("second", "third"):
        tray.add("page", name)
        await until(name)
    kept.cancel()
    with suppress(asyncio.CancelledError):
        await kept

    assert (marked, await marks.acount()) == (1, 0)
