"""What Prometheus counts of orders, fills and refusals is what the database has, committed for real."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.db import transaction

from apps import telemetry
from apps.desk.order import CLOSED
from apps.desk.quote import Quote
from apps.live.models import Event
from apps.portfolio.models import Account
from apps.risk.models import RiskLimits
from apps.trades import filling, services
from apps.trades.models import Fill, Order
from apps.trades.ticket import Refused

pytestmark = pytest.mark.django_db(transaction=True)
Place = Callable[..., Order]
COUNTERS = (telemetry.orders_placed, telemetry.orders_denied, telemetry.orders_ended, telemetry.fills_booked)


def counted() -> Counter[str]:
    """`orders_ended filled`: how many."""
    families = [family for counter in COUNTERS for family in counter.collect()]
    samples = [sample for family in families for sample in family.samples if sample.name.endswith("_total")]
    names = [" ".join([each.name.split("_", 1)[1].removesuffix("_total"), *each.labels.values()]) for each in samples]
    return Counter(dict(zip(names, [int(each.value) for each in samples], strict=True)))


def kept() -> Counter[str]:
    """The same of the database."""
    found = Counter({"orders_placed accepted": Order.objects.count(), "fills_booked": Fill.objects.count()})
    found.update(f"orders_ended {each.status}" for each in Order.objects.filter(status__in=CLOSED))
    for event in Event.objects.filter(kind="order.denied"):
        found.update(["orders_placed denied", f"orders_denied {event.facts['rule']}"])
    return +found


@pytest.fixture
def since() -> Callable[[], Counter[str]]:
    """What was counted since the test began."""
    before = counted()
    return lambda: counted() - before


@pytest.fixture
def trade(account: Account, placed: Place, ticket: Any, quote: Callable[..., Quote], now: datetime) -> Any:
    """One order filled, one cancelled, one refused."""

    def do() -> None:
        placed("buy 100 AAPL")
        assert filling.match_symbol("AAPL", quote(), None, now).failed == {}
        services.cancel_order(account, placed("buy 10 AAPL limit 140").pk, now)
        assert isinstance(services.place_order(account, ticket("buy 900000 AAPL"), now), Refused)

    return do


def test_what_is_committed_counts_once(since: Any, trade: Callable[[], None]) -> None:
    trade()

    assert since() == kept()
    assert kept() == {
        "orders_placed accepted": 2,
        "orders_placed denied": 1,
        "orders_denied buying_power": 1,
        "orders_ended filled": 1,
        "orders_ended canceled": 1,
        "fills_booked": 1,
    }


def test_what_is_undone_does_not_count(since: Any, trade: Callable[[], None]) -> None:
    with transaction.atomic():
        trade()
        meanwhile = since()
        transaction.set_rollback(True)

    assert meanwhile == since() == kept() == {}


def test_what_is_undone_in_the_middle_counts_its_refusal_alone(
    since: Any, account: Account, placed: Place, quote: Callable[..., Quote], now: datetime
) -> None:
    placed("buy 100 AAPL")
    filling.match_symbol("AAPL", quote(), None, now)
    placed("sell 40 AAPL limit 200")
    RiskLimits.objects.create(halted=True, halt_reason="Runaway orders")

    assert isinstance(services.close_position(account, "AAPL", "flat", now), Refused)

    assert since() == kept()
    assert since()["orders_denied halted"] == 1
    assert since()["orders_ended canceled"] == 0


def test_close_by_an_id_that_is_taken_counts_as_refused(
    since: Any, account: Account, held: Order, placed: Place, now: datetime
) -> None:
    taken = placed("buy 10 AAPL limit 140").client_order_id

    assert isinstance(services.close_position(account, "AAPL", taken, now), Refused)

    assert since()["orders_denied client_order_id"] == 1
    assert since()["orders_ended canceled"] == 0


def test_order_sent_again_counts_as_repeated_where_it_is_committed(
    since: Any, account: Account, ticket: Any, now: datetime
) -> None:
    words = ticket("buy 10 AAPL limit 140")
    services.place_order(account, words, now)
    with transaction.atomic():
        services.place_order(account, words, now)
        transaction.set_rollback(True)
    assert since()["orders_placed repeated"] == 0

    services.place_order(account, words, now)

    assert since()["orders_placed repeated"] == 1
