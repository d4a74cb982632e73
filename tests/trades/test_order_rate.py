"""R-RISK: the orders of a minute are those that a trader sent, however many the desk made of each."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from apps.portfolio.models import Account
from apps.risk.models import RiskLimits
from apps.trades import services
from apps.trades.models import Order
from apps.trades.ticket import Change, Placed, Refused

from .words import ticket_of

pytestmark = pytest.mark.django_db
Place = Callable[..., Order]


@pytest.fixture
def may_send(account: Account, ticket: Callable[..., Any], now: datetime) -> Callable[[int], None]:
    """One order more is taken with room for one after those that were sent, and refused without."""

    def check(sent: int) -> None:
        limits = RiskLimits.objects.create(account=account, orders_per_minute=sent)
        refused = services.place_order(account, ticket("buy 1 AAPL"), now)
        words = f"Would be order {sent + 1} within a minute; your limit is {sent}"
        assert refused == Refused({"account": words})
        limits.orders_per_minute = sent + 1
        limits.save()
        assert isinstance(services.place_order(account, ticket("buy 1 AAPL"), now), Placed)

    return check


def test_an_order_with_its_exits_is_one(placed: Place, may_send: Callable[[int], None]) -> None:
    placed("buy 10 AAPL limit 149.00", take_profit=Decimal("160.00"), stop_loss=Decimal("140.00"))

    assert Order.objects.count() == 3
    may_send(1)


def test_exits_that_work_count_no_more_than_those_that_wait(
    placed: Place, meet: Callable[..., None], may_send: Callable[[int], None]
) -> None:
    placed("buy 10 AAPL", take_profit=Decimal("160.00"), stop_loss=Decimal("140.00"))
    meet()

    assert Order.objects.exclude(parent=None).filter(status="new").count() == 2
    may_send(1)


def test_two_of_which_one_cancels_the_other_are_one(
    held: Order, placed: Place, may_send: Callable[[int], None]
) -> None:
    placed("sell 60 AAPL limit 155.00", "gtc", oco_stop=Decimal("145.00"))

    assert Order.objects.count() == 3
    may_send(2)


def test_a_second_order_is_one_of_its_own(placed: Place, may_send: Callable[[int], None]) -> None:
    placed("buy 10 AAPL limit 149.00", then=ticket_of("buy 1 AAPL limit 148.00", "", take_profit=Decimal("160.00")))

    may_send(2)


def test_a_change_is_none(account: Account, placed: Place, now: datetime, may_send: Callable[[int], None]) -> None:
    order = placed("buy 10 AAPL limit 149.00")
    for price in ("148.00", "147.00"):
        changed = services.replace_order(account, order.pk, Change(Decimal(10), Decimal(price), None), now)
        assert isinstance(changed, Order)

    may_send(1)
