"""Old events go; notifications stay longer; a page from before that starts afresh."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from apps.live.announce import announce
from apps.live.arrival import Arrival, arrival_of, numbers_of
from apps.live.models import Event, Stream
from apps.live.retention import forget_old_events, streams_with_gaps
from apps.live.topics import DESK_STREAM

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 2, 15, tzinfo=UTC)


@pytest.fixture(autouse=True)
def kept(settings: Any) -> None:
    settings.EVENTS_KEPT_DAYS, settings.NOTIFICATIONS_KEPT_DAYS = 7, 30


def happened(days_ago: float, stream: str = "user/7", *, toast: bool = False) -> int:
    with time_machine.travel(NOW - timedelta(days=days_ago), tick=False):
        return announce(stream, "order.filled", topics=["orders/1"], toast=toast).seq


def arrived(params: dict[str, str]) -> Arrival | None:
    return arrival_of("user/7", params, numbers_of(["user/7", DESK_STREAM]))


def left(stream: str = "user/7") -> list[int]:
    return list(Event.objects.filter(stream__name=stream).order_by("seq").values_list("seq", flat=True))


def test_events_go_before_notifications_do() -> None:
    for days_ago, toast in ((31, True), (29, True), (8, False), (6, False), (1, True)):
        happened(days_ago, toast=toast)

    assert forget_old_events(NOW) == 2

    assert left() == [2, 4, 5]
    assert Stream.objects.get(name="user/7").forgotten == 3
    assert forget_old_events(NOW) == 0


def test_many_batches_and_streams(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.live.retention.BATCH", 3)
    for number in range(10):
        happened(20 - number, f"user/{number % 2}")

    assert forget_old_events(NOW) == 10

    assert dict(Stream.objects.values_list("name", "forgotten")) == {"user/0": 5, "user/1": 5}


def test_a_page_from_before_that_must_start_afresh_and_a_later_one_not() -> None:
    for days_ago in (9, 8, 1):
        happened(days_ago)
    forget_old_events(NOW)

    assert arrived({"since": "1", "drawn": "1"}) is None
    arrival = arrived({"since": "2", "drawn": "2"})
    assert arrival and arrival.cursors == {"user/7": 2, DESK_STREAM: 0}
    assert arrival.has(["orders/1", "orders/2"]) == ["orders/2"]


def test_a_page_that_was_drawn_long_ago_and_has_heard_all_toasts_is_drawn_again() -> None:
    for days_ago in (9, 8, 1):
        happened(days_ago)
    forget_old_events(NOW)

    arrival = arrived({"since": "3", "drawn": "1"})

    assert arrival and arrival.has(["orders/2"]) == []


def test_a_poll_from_before_that_is_told_to_reload(client: Client, django_user_model: Any) -> None:
    user = django_user_model.objects.create(username="nelly")
    client.force_login(user)
    for days_ago in (9, 8, 1):
        happened(days_ago, f"user/{user.pk}")
    forget_old_events(NOW)

    assert client.get("/live/poll/activity/", {"since": "1"}).status_code == 409
    assert client.get("/live/poll/activity/", {"since": "2"}).status_code == 200


def test_what_was_forgotten_is_no_gap_and_what_is_missing_is() -> None:
    for days_ago, toast in ((20, True), (19, False), (18, True), (3, False), (2, True)):
        for stream in ("user/7", "user/8"):
            happened(days_ago, stream, toast=toast)
    forget_old_events(NOW)
    assert left() == [1, 3, 4, 5]

    assert list(streams_with_gaps()) == []

    Event.objects.filter(stream__name="user/8", seq=4).delete()
    assert [stream.name for stream in streams_with_gaps()] == ["user/8"]
