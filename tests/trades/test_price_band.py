"""R-RISK: the price band holds for the price of an order, and not for how far its exits are."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

import pytest

from apps.portfolio.models import Account
from apps.risk.models import RiskLimits
from apps.trades import services
from apps.trades.models import Order
from apps.trades.ticket import Change, Refused, Ticket

pytestmark = pytest.mark.django_db
FAR = {"take_profit": Decimal("300.00"), "stop_loss": Decimal("50.00")}
WORDS = "{} {} is more than 5 % from the quote 149.99 × 150.01; at {}"


@pytest.fixture
def band(account: Account) -> None:
    RiskLimits.objects.create(price_band_pct=Decimal(5))


def test_exits_may_be_as_far_as_the_trader_wants(
    account: Account, placed: Callable[..., Order], meet: Callable[..., None], now: datetime, band: None
) -> None:
    placed("buy 10 AAPL limit 150.01", **FAR)
    meet()

    exits = Order.objects.exclude(parent=None)
    assert {(each.status, each.limit_price, each.stop_price) for each in exits} == {
        ("new", Decimal("300.00"), None),
        ("new", None, Decimal("50.00")),
    }


def test_exits_are_changed_as_freely_as_they_came(
    account: Account, placed: Callable[..., Order], meet: Callable[..., None], now: datetime, band: None
) -> None:
    placed("buy 10 AAPL limit 150.01", **FAR)
    meet()
    profit, loss = (Order.objects.exclude(parent=None).get(order_type=each) for each in ("limit", "stop"))

    higher = services.replace_order(account, profit.pk, Change(Decimal(10), Decimal("290.00"), None), now)
    lower = services.replace_order(account, loss.pk, Change(Decimal(10), None, Decimal("60.00")), now)

    assert isinstance(higher, Order) and isinstance(lower, Order)
    assert (higher.limit_price, lower.stop_price) == (Decimal("290.00"), Decimal("60.00"))


def test_of_an_oco_the_limit_is_in_the_band_and_the_stop_may_be_far(
    account: Account,
    held: Order,
    placed: Callable[..., Order],
    ticket: Callable[..., Ticket],
    now: datetime,
    band: None,
) -> None:
    far = services.place_order(account, ticket("sell 10 AAPL limit 300.00", oco_stop=Decimal("50.00")), now)
    assert far == Refused({"limit_price": WORDS.format("Limit price", 300, "most 157.5105")})

    limit = placed("sell 10 AAPL limit 155.00", oco_stop=Decimal("50.00"))
    stop = Order.objects.exclude(pk=limit.pk).get(oco=limit.pk)
    lower = services.replace_order(account, stop.pk, Change(Decimal(10), None, Decimal("60.00")), now)
    higher = services.replace_order(account, limit.pk, Change(Decimal(10), Decimal("300.00"), None), now)

    assert isinstance(lower, Order)
    assert higher == far


def test_a_stop_sent_by_itself_is_held_to_it(
    account: Account, held: Order, ticket: Callable[..., Ticket], now: datetime, band: None
) -> None:
    answer = services.place_order(account, ticket("sell 10 AAPL stop 50.00"), now)

    assert answer == Refused({"stop_price": WORDS.format("Stop price", 50, "least 142.4905")})
