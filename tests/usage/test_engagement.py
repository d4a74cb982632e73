"""R-DASH: the engagement page, for staff alone, from sums of days."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from datetime import time as clock
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.accounts.models import User
from apps.alerts.models import Span
from apps.usage import services
from apps.usage.models import Count, Week
from apps.usage.queries import around_release, days
from apps.usage.weeks import week_of
from tests.alerts.conftest import figures
from tests.patience import at_most, processor_seconds

from .conftest import TODAY

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("now")]
A_DAY = timedelta(days=1)
PATHS = ("/ops/engagement/", "/ops/engagement/days.json")


def book(back: int, **numbers: int) -> None:
    """So much that many days ago: `users_seen=3`, and the like."""
    day = TODAY - back * A_DAY
    services.book({(day, *name.split("_", 1)): number for name, number in numbers.items()})  # type: ignore[misc]


@pytest.mark.parametrize("path", PATHS)
def test_it_is_there_for_staff_alone(admin_client: Client, client: Client, alice: Any, path: str) -> None:
    strangers = client.get(path)
    client.force_login(alice)

    assert strangers.status_code == 302
    assert client.get(path).status_code == 404
    assert admin_client.get(path).status_code == 200
    assert admin_client.get(f"{path}?span=year").status_code == 404


def test_an_empty_page_says_so(admin_client: Client) -> None:
    page = admin_client.get("/ops/engagement/").content.decode()

    for words in (
        "Nobody has opened a page in this span",
        "No page has been left in this span",
        "No symbol was watched live in this span",
        "Nobody has been counted yet",
        "No release has been marked yet",
    ):
        assert words in page
    assert days("week", TODAY)["adoption"] == [None] * 7


def test_the_page_shows_what_was_counted(admin_client: Client) -> None:
    book(0, users_seen=4, users_live=3, page_desk=1234, left_desk=10, stay_desk=125_000, watched_AAPL=55)
    book(8, page_old=1)

    page = admin_client.get("/ops/engagement/?span=week").content.decode()
    polled = admin_client.get("/live/poll/operations/?of=engagement").content.decode()
    part = figures("engagement", page)

    assert part in polled
    assert "as of 4 Mar 12:00:00 UTC" in part
    for words in ("<dd>75.0 <small>%</small></dd>", ">1,234<", ">12.5<", ">AAPL<"):
        assert words in part
    assert ">old<" not in part
    assert ">old<" in admin_client.get("/ops/engagement/?span=month").content.decode()


def test_a_release_is_held_against_the_week_before_it() -> None:
    services.mark_release("0.1.0", TODAY - 60 * A_DAY)
    services.mark_release("0.2.0", TODAY - 3 * A_DAY)
    for back, seen, live in ((11, 100, 0), (10, 10, 4), (4, 10, 6), (3, 100, 0), (2, 10, 8), (0, 10, 10)):
        book(back, users_seen=seen, users_live=live)
    for back, happened in ((4, 1.0), (3, 50.0), (1, 3.0)):
        at = datetime.combine(TODAY - back * A_DAY, clock(12), UTC)
        Span.objects.create(at=at, parts={"error_rate": [happened, 100.0, 1.0], "p95_ms": [80.0, 2.0, 50.0]})

    found = around_release(TODAY)

    assert found is not None
    rows = {label: (before, after) for label, _, before, after in found.rows}
    assert (found.name, found.day, found.days_after) == ("0.2.0", TODAY - 3 * A_DAY, 3)
    assert rows["Adoption"] == (50, 90)
    assert rows["Errors per frame"] == (1, 3)
    assert rows["P95 of lateness"] == (40, 40)
    assert rows["Refreshes a session"] == (None, None)


def thirty_days() -> None:
    """Of a busy desk: 200 symbols, 60 pages and actions, 300 users over eight weeks, and every ten minutes of it."""
    names = [("watched", f"S{number}") for number in range(200)] + [("page", f"page{number}") for number in range(30)]
    names += [(kind, f"page{number}") for kind in ("act", "left", "stay", "reload") for number in range(10)]
    names += [("users", "seen"), ("users", "live"), ("sessions", "signed in")]
    Count.objects.bulk_create(
        Count(day=TODAY - back * A_DAY, kind=kind, name=name, number=back + 7)
        for back in range(30)
        for kind, name in names
    )
    users = User.objects.bulk_create(User(username=f"user{number}") for number in range(300))
    weeks = [week_of(TODAY) - timedelta(weeks=back) for back in range(8)]
    Week.objects.bulk_create(Week(user=user, week=week, first=weeks[-1]) for user in users for week in weeks)
    services.mark_release("0.9.0", TODAY - 10 * A_DAY)
    start = datetime.combine(TODAY, clock(), UTC)
    part = {name: [1.0, 2.0, 1.0] for name in ("connections", "error_rate", "reconnect_rate", "p95_ms", "p99_ms")}
    counts = {f"late:{kind}:{place}": 9.0 for kind in ("quote", "event", "state") for place in range(12)}
    counts |= {f"{head}:{place}": 3.0 for head in ("fault", "closed", "stay", "order", "denied") for place in range(8)}
    Span.objects.bulk_create(
        Span(at=start - number * timedelta(minutes=10), parts=part, counts=counts) for number in range(30 * 144)
    )


def test_thirty_days_take_as_many_queries_as_none_and_no_longer_than_promised(
    admin_client: Client, record_property: Any
) -> None:
    """R-DASH: below 300 ms on thirty days of data."""
    paths = [
        "/ops/?span=month",
        "/ops/transport/?span=month",
        "/ops/curves.json?span=month&of=transport",
        "/ops/trading/?span=month",
        "/ops/engagement/?span=month",
        "/ops/engagement/days.json?span=month",
    ]

    def queries() -> dict[str, int]:
        found = {}
        for path in paths:
            with CaptureQueriesContext(connection) as seen:
                assert admin_client.get(path).status_code == 200
            asked = [
                query["sql"] for query in seen.captured_queries
            ]  # the frame's own come from what is kept a second
            found[path] = sum("alerts_" in sql or "usage_" in sql for sql in asked)
        return found

    services.mark_release("0.8.0", TODAY - 20 * A_DAY)
    empty = queries()
    thirty_days()

    assert queries() == empty
    assert max(empty.values()) < 10
    took = {path: processor_seconds(lambda path=path: admin_client.get(path)) for path in paths}
    told = ", ".join(f"{path.split('?')[0]} {1000 * seconds:.0f} ms" for path, seconds in took.items())
    record_property("figure", f"30 days of dashboards (of the processor, promised 300 ms): {told}")
    assert {path: seconds for path, seconds in took.items() if seconds >= at_most(0.3)} == {}
