"""What a page that connects still needs."""

from __future__ import annotations

import pytest

from apps.live.announce import announce
from apps.live.arrival import MOST_EVENTS, Arrival, arrival_of, numbers_of
from apps.live.topics import DESK_STREAM, EVERYTHING

pytestmark = pytest.mark.django_db


def arrived(params: dict[str, str]) -> Arrival | None:
    return arrival_of("user/7", params, numbers_of(["user/7", DESK_STREAM]))


TOPICS = ["orders/1", "account/1", "bell/7"]


def test_a_page_that_was_drawn_last_has_everything() -> None:
    announce("user/7", "order.filled", topics=["orders/1"])

    arrival = arrived({"since": "1", "drawn": "1", "desk": "0"})

    assert arrival and arrival.has(TOPICS) == TOPICS


def test_what_changed_since_it_was_drawn_is_not_had_though_its_toasts_were_seen() -> None:
    for topic in ("orders/1", "account/1"):
        announce("user/7", "order.filled", topics=[topic])

    arrival = arrived({"since": "2", "drawn": "1", "desk": "0"})

    assert arrival and arrival.cursors == {"user/7": 2, DESK_STREAM: 0}
    assert arrival.has(TOPICS) == ["orders/1", "bell/7"]


def test_a_page_drawn_before_the_market_turned_has_nothing() -> None:
    announce(DESK_STREAM, "market.closed", topics=[EVERYTHING])

    arrival = arrived({"since": "0", "drawn": "0", "desk": "0"})

    assert arrival and arrival.has(TOPICS) == []


def test_a_page_that_missed_too_much_has_nothing() -> None:
    for _ in range(MOST_EVENTS + 1):
        announce("user/7", "order.filled")

    arrival = arrived({"drawn": "0"})

    assert arrival and arrival.has(TOPICS) == []


@pytest.mark.parametrize("name", ["since", "drawn", "desk"])
@pytest.mark.parametrize("number", ["1", "-1", "x", "", "9" * 40])
def test_a_number_that_was_never_given_out_is_no_arrival(name: str, number: str) -> None:
    assert arrived({name: number}) is None
