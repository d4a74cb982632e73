"""One desk at a time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from apps.trades.lease import LEASE_SECONDS, Lease
from apps.trades.models import DeskLease

NOW = datetime(2026, 3, 2, 15, tzinfo=UTC)


class Monotonic:
    """A clock that the test moves."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.django_db
def test_lease_is_taken_once_and_kept_by_renewing() -> None:
    """R-SCALE"""
    first, second = Lease("first"), Lease("second")

    assert [first.renew(NOW), second.renew(NOW), first.renew(NOW + timedelta(seconds=3))] == [
        True,
        False,
        True,
    ]
    assert second.renew(NOW + timedelta(seconds=6)) is False
    assert [first.held, second.held] == [True, False]


@pytest.mark.django_db
def test_lease_run_out_goes_to_the_next() -> None:
    first, second = Lease("first"), Lease("second")
    first.renew(NOW)

    assert second.renew(NOW + timedelta(seconds=LEASE_SECONDS)) is True
    assert first.renew(NOW + timedelta(seconds=LEASE_SECONDS)) is False
    assert first.held is False


@pytest.mark.django_db
def test_lease_given_back_is_free_at_once() -> None:
    first, second = Lease("first"), Lease("second")
    first.renew(NOW)

    first.give_back()

    assert second.renew(NOW) is True
    assert first.held is False


@pytest.mark.django_db
def test_lease_given_back_is_not_taken_by_a_renewal_that_came_too_late() -> None:
    lease = Lease("first")
    lease.renew(NOW)
    lease.give_back()

    assert lease.renew(NOW) is False
    assert DeskLease.objects.get().holder == ""


@pytest.mark.django_db
def test_lease_given_back_late_does_not_take_the_next_ones() -> None:
    first, second = Lease("first"), Lease("second")
    first.renew(NOW)
    second.renew(NOW + timedelta(seconds=5))

    first.give_back()

    assert DeskLease.objects.get().holder == "second"


@pytest.mark.django_db
def test_process_that_was_stopped_knows_without_asking() -> None:
    """A frozen process must not fill before it has renewed."""
    clock = Monotonic()
    lease = Lease("first", clock)
    lease.renew(NOW)

    clock.now = LEASE_SECONDS

    assert lease.held is False
