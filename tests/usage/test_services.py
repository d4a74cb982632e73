"""R-DASH: sums are right against a naive count, whoever counts in which order; what is old is forgotten."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
import time_machine

from apps.accounts.models import User
from apps.live.announce import announce
from apps.usage import services
from apps.usage.models import Count, Week
from apps.usage.queries import cohorts, figures_of, sums_of
from apps.usage.weeks import week_of

from .conftest import NOW, TODAY

pytestmark = pytest.mark.django_db
A_DAY = timedelta(days=1)


def people(number: int) -> list[User]:
    return [User.objects.create_user(f"user{place}") for place in range(number)]


def numbers(kind: str, name: str) -> dict[date, int]:
    return dict(Count.objects.filter(kind=kind, name=name, number__gt=0).values_list("day", "number"))


@pytest.mark.parametrize("seed", range(3))
def test_days_and_weeks_of_users_are_those_of_a_naive_count(seed: int) -> None:
    dice, users = random.Random(seed), people(6)
    said_no = users.pop()
    services.choose(said_no, False)
    everybody = [*users, said_no]
    seen: dict[date, set[int]] = {}
    live: dict[date, set[int]] = {}
    watched: dict[date, int] = {}
    for back in reversed(range(35)):
        day = TODAY - back * A_DAY
        for _ in range(dice.randint(0, 4)):
            batch = {each.pk for each in dice.sample(everybody, dice.randint(0, 4))}
            services.see(batch, day)
            seen.setdefault(day, set()).update(batch - {said_no.pk})
            lines = {each.pk for each in dice.sample(everybody, dice.randint(0, 4))}
            services.see_live(lines, {"AAPL": [*lines, *lines]}, 5, datetime.combine(day, time(9, 30), UTC))
            live.setdefault(day, set()).update(lines & seen[day])
            watched[day] = watched.get(day, 0) + 10 * len(lines & seen[day])

    assert numbers("users", "seen") == {day: len(found) for day, found in seen.items() if found}
    assert numbers("users", "live") == {day: len(found) for day, found in live.items() if found}
    assert numbers("watched", "AAPL") == {day: pages for day, pages in watched.items() if pages}
    weeks: dict[int, set[date]] = {}
    for day, found in seen.items():
        for user in found:
            weeks.setdefault(user, set()).add(week_of(day))
    assert {(row.user_id, row.week, row.first) for row in Week.objects.all()} == {
        (user, week, min(theirs)) for user, theirs in weeks.items() for week in theirs
    }
    for cohort in cohorts(TODAY):
        first = [theirs for theirs in weeks.values() if min(theirs) == cohort.week]
        later = [cohort.week + timedelta(weeks=number) for number in range(len(cohort.shares))]
        assert cohort.size == len(first)
        assert cohort.shares == [100 * sum(week in each for each in first) / len(first) for week in later]


def test_counts_add_up_over_processes() -> None:
    services.book({(TODAY, "page", "home:desk"): 2, (TODAY, "page", "trades:orders"): 1, (TODAY, "act", "none"): 0})
    services.book({(TODAY, "page", "home:desk"): 3, (TODAY - A_DAY, "page", "home:desk"): 1})

    assert sums_of(TODAY, TODAY) == {("page", "home:desk"): 5, ("page", "trades:orders"): 1}
    assert sums_of(TODAY - A_DAY, TODAY)["page", "home:desk"] == 6


def test_events_are_summed_up_by_kind_of_who_is_counted_and_twice_is_once() -> None:
    alice, bob, carol = people(3)
    services.see({alice.pk, bob.pk, carol.pk}, TODAY)
    services.choose(carol, False)
    for user, kind, hours in (
        (alice, "order.filled", 13),
        (carol, "order.denied", 5),
        (bob, "order.denied", 4),
        (bob, "order.filled", 3),
        (alice, "order.filled", 2),
        (alice, "order.filled", 1),
    ):
        with time_machine.travel(NOW - timedelta(hours=hours), tick=False):
            announce(f"user/{user.pk}", kind, toast=kind == "order.filled")
            announce("desk", "session.opened")

    for _ in range(2):
        services.tidy(NOW)

    assert numbers("event", "order.filled") == {TODAY: 3, TODAY - A_DAY: 1}
    assert numbers("event", "order.denied") == {TODAY: 1}
    assert Count.objects.filter(kind="event").count() == 3


def test_what_is_old_is_forgotten_but_for_the_marks_of_releases(settings: Any) -> None:
    settings.USE_KEPT_DAYS = 21
    (user,) = people(1)
    for back in (40, 22, 21, 7, 0):
        day = TODAY - back * A_DAY
        services.see({user.pk}, day)
        services.mark_release(f"0.{back}", day)

    services.tidy(NOW)

    assert sorted(numbers("users", "seen")) == [TODAY - back * A_DAY for back in (21, 7, 0)]
    assert list(Week.objects.order_by("week").values_list("week", "seen_on")) == [
        (week_of(TODAY) - timedelta(weeks=3), None),
        (week_of(TODAY) - timedelta(weeks=1), None),
        (week_of(TODAY), TODAY),
    ]
    assert Count.objects.filter(kind="release").count() == 5


def test_a_release_is_marked_once_on_its_first_day() -> None:
    services.mark_release("0.3.0", TODAY - A_DAY)
    services.mark_release("0.3.0", TODAY)

    assert numbers("release", "0.3.0") == {TODAY - A_DAY: 1}


def test_who_is_deleted_is_forgotten() -> None:
    (user,) = people(1)
    services.see({user.pk}, TODAY)

    user.delete()

    assert (Week.objects.count(), numbers("users", "seen")) == (0, {TODAY: 1})


def test_figures_divide_by_what_might_have_been() -> None:
    sums = {
        ("users", "seen"): 8,
        ("users", "live"): 6,
        ("sessions", "signed in"): 10,
        ("reload", "a"): 3,
        ("reload", "b"): 2,
        ("page", "a"): 50,
        ("left", "a"): 4,
        ("stay", "a"): 60_000,
        ("toast", "shown"): 20,
        ("toast", "followed"): 5,
    }
    found = figures_of(sums)

    assert (found.adoption, found.refreshes, found.views_a_session) == (75, 0.5, 5)
    assert (found.seconds, found.followed) == (15, 25)
    assert figures_of({}) == type(found)(None, None, None, None, None)


def test_midnight_is_that_of_utc() -> None:
    (user,) = people(1)
    services.see({user.pk}, TODAY)
    with time_machine.travel(datetime(2026, 3, 4, 23, 59, 59, tzinfo=UTC), tick=False):
        announce(f"user/{user.pk}", "order.filled")
    with time_machine.travel(datetime(2026, 3, 5, 0, 0, 0, tzinfo=UTC), tick=False):
        announce(f"user/{user.pk}", "order.filled")

    services.tidy(datetime(2026, 3, 5, 1, tzinfo=UTC))

    assert numbers("event", "order.filled") == {TODAY: 1, TODAY + A_DAY: 1}
