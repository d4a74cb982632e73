from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection, transaction

from apps.accounts.models import User
from apps.live.activity import mark_read, unread_each
from apps.live.announce import announce
from apps.live.fragments import render_fragment
from apps.live.models import Event, Stream
from apps.live.moments import micros
from apps.live.topics import user_stream


@pytest.mark.django_db
def test_numbers_of_a_stream_have_no_gap() -> None:
    for _ in range(3):
        announce("user/1", "word.said")
    announce("user/2", "word.said")

    assert list(Event.objects.filter(stream__name="user/1").order_by("seq").values_list("seq", flat=True)) == [1, 2, 3]
    assert list(Event.objects.filter(stream__name="user/2").values_list("seq", flat=True)) == [1]


@pytest.mark.django_db(transaction=True)
def test_announce_outside_a_transaction_is_refused() -> None:
    with pytest.raises(transaction.TransactionManagementError):
        announce("user/1", "word.said")


@pytest.mark.django_db(transaction=True)
def test_a_rolled_back_event_leaves_no_number_behind() -> None:
    with transaction.atomic():
        announce("user/1", "word.said")
    with pytest.raises(RuntimeError), transaction.atomic():
        announce("user/1", "word.said")
        raise RuntimeError("the business failed")
    with transaction.atomic():
        event = announce("user/1", "word.said")

    assert event.seq == 2
    assert Stream.objects.get(name="user/1").seq == 2


@pytest.mark.django_db(transaction=True)
def test_concurrent_writers_leave_no_gap_and_no_double() -> None:
    def write(_: int) -> None:
        try:
            for _ in range(10):
                with transaction.atomic():
                    announce("user/1", "word.said")
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(4)))

    assert list(Event.objects.order_by("seq").values_list("seq", flat=True)) == list(range(1, 41))


@pytest.mark.django_db
@pytest.mark.parametrize("skew", [-65, 0])
def test_a_streams_time_only_grows_though_a_writers_clock_is_wrong(skew: int) -> None:
    """P15: a page keeps what is newer by its stamp."""
    now = datetime(2026, 3, 2, 15, tzinfo=UTC)
    with time_machine.travel(now, tick=False):
        first = announce("user/1", "word.said")
    with time_machine.travel(now + timedelta(seconds=skew), tick=False):
        second = announce("user/1", "word.said")

    assert [first.at, second.at] == [now, now + timedelta(microseconds=1)]
    assert [event.at for event in Event.objects.order_by("seq")] == [first.at, second.at]


@pytest.mark.django_db
def test_a_toast_also_touches_bell_and_activity() -> None:
    event = announce("user/7", "order.filled", topics=["orders/1"], toast=True)

    assert event.topics == [
        "orders/1",
        "bell/7",
        "activity/7:",
        "activity/7:order",
        "activity/7:alert",
        "activity/7:account",
    ]


@pytest.mark.parametrize("topic", ["bell/{}", "activity/{}:"])
def test_what_was_drawn_while_a_first_event_was_being_written_gives_way_to_it(alice: User, topic: str) -> None:
    """R-TABS: the event has its time before others can see it; pages keep what is newer."""
    before = datetime.now(UTC)
    drawn = render_fragment(topic.format(alice.pk))
    with time_machine.travel(before, tick=False):
        announce(user_stream(alice.pk), "word.said", toast=True)

    stamp = re.search(r'data-ts="(\d+)"', drawn)
    assert stamp
    assert int(stamp[1]) < micros(Event.objects.get().at)


def test_bell_counts_what_each_user_has_not_read(alice: User, bob: User, db: None) -> None:
    for user, count in ((alice, 3), (bob, 2)):
        for _ in range(count):
            announce(user_stream(user.pk), "order.accepted", toast=True)
        announce(user_stream(user.pk), "word.said")
    nobody = User.objects.create_user("nobody")

    assert unread_each([alice.pk, bob.pk, nobody.pk]) == {alice.pk: 3, bob.pk: 2, nobody.pk: 0}

    mark_read(alice.pk, 2)
    assert unread_each([alice.pk, bob.pk]) == {alice.pk: 1, bob.pk: 2}
