from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from apps.live.clock import SharedClock
from apps.live.moments import read_database_time

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


class World:
    """The database's clock and this process's monotonic one; each look takes `trip` seconds."""

    def __init__(self) -> None:
        self.shared, self.own, self.trip = NOON, 100.0, 0.0

    def read(self) -> datetime:
        self.go(self.trip / 2)
        moment = self.shared
        self.go(self.trip / 2)
        return moment

    def go(self, seconds: float) -> None:
        self.shared += timedelta(seconds=seconds)
        self.own += seconds


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def clock(world: World) -> SharedClock:
    return SharedClock(world.read, lambda: world.own)


def test_before_it_has_looked_it_tells_this_machines_time(clock: SharedClock) -> None:
    assert abs(clock() - timezone.now()) < timedelta(seconds=5)


def test_after_a_look_it_goes_on_by_itself(world: World, clock: SharedClock) -> None:
    world.trip = 0.4
    clock.look()
    world.go(30)

    assert clock() == world.shared


def test_a_slow_answer_is_better_than_none_and_worse_than_a_quick_one(world: World, clock: SharedClock) -> None:
    world.trip = 3.0
    clock.look()
    slow = clock()
    world.shared += timedelta(seconds=1)
    clock.look()
    unmoved = clock() - timedelta(seconds=3)
    world.trip = 0.0
    clock.look()

    assert slow == NOON + timedelta(seconds=3)
    assert unmoved == slow
    assert clock() == world.shared


@pytest.mark.django_db
def test_the_database_tells_an_aware_time() -> None:
    assert abs(read_database_time() - timezone.now()) < timedelta(seconds=5)
