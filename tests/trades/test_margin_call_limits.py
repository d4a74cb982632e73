"""R-RISK: no limit on trading keeps the desk from calling margins; what protects prices and shares does."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from apps.desk.quote import Quote
from apps.live.models import Event
from apps.market.models import MarketState
from apps.market.quotes import board
from apps.portfolio.models import Account
from apps.risk.models import RiskLimits
from apps.risk.services import set_own_limits
from apps.trades import filling, services
from apps.trades.margin_calls import call_margins
from apps.trades.models import Order
from apps.trades.ticket import Refused

from .broken import broken
from .on_margin import held

pytestmark = pytest.mark.django_db
Words = Callable[..., Any]
HALT = {"halted": True, "halt_reason": "Asked for"}


def limit(account: Account | None, **limits: Any) -> RiskLimits:
    return RiskLimits.objects.update_or_create(account=account, defaults=limits)[0]


@pytest.fixture
def risen(margin: Account, trade: Words, quote: Words, now: datetime) -> Quote:
    """1,000 sold short at 149.99 stand at 230.00, which is under the maintenance margin."""
    trade("sell 1000 AAPL")
    newer: Quote = quote(bid="229.98", ask="230.00", received_at=now + timedelta(seconds=1))
    board.put(newer)
    return newer


def closes(risen: Quote) -> None:
    """The account is called once, all is bought back, and nothing was refused on the way."""
    later = risen.received_at
    assert [call_margins(later) for _ in range(2)] == [1, 0]
    filling.match_symbol("AAPL", risen, None, later)
    assert held()[0] == 0
    assert not Event.objects.filter(kind="order.denied").exists()
    assert broken() == {}


def test_a_trader_cannot_switch_margin_calls_off(margin: Account, risen: Quote, ticket: Words, now: datetime) -> None:
    set_own_limits(margin, {"stopped": Decimal(1), "orders_per_minute": Decimal(0)}, now)

    closes(risen)

    assert isinstance(services.place_order(margin, ticket("buy 1 AAPL"), risen.received_at), Refused)


@pytest.mark.parametrize(
    "limits",
    [
        HALT,
        {"barred_symbols": "AAPL"},
        {"allowed_symbols": "MSFT"},
        {"orders_per_minute": 0},
        {"price_band_pct": Decimal(0)},
        {"position_qty": Decimal(0), "exposure_usd": Decimal(0), "day_loss": Decimal(0), "drawdown_pct": Decimal(0)},
    ],
    ids=lambda limits: next(iter(limits)),
)
def test_neither_do_limits_of_an_account(margin: Account, risen: Quote, limits: dict[str, Any]) -> None:
    limit(margin, **limits)

    closes(risen)


@pytest.mark.parametrize(
    "limits", [{"barred_symbols": "AAPL"}, {"allowed_symbols": "MSFT"}, {"orders_per_minute": 0}], ids=str
)
def test_nor_those_of_the_desk_but_for_its_halt(margin: Account, risen: Quote, limits: dict[str, Any]) -> None:
    limit(None, **limits)

    closes(risen)


def test_a_halted_desk_calls_nobody_and_says_nothing_until_the_halt_ends(
    margin: Account, placed: Words, risen: Quote
) -> None:
    switch, orders = limit(None, **HALT), Order.objects.count()

    assert [call_margins(risen.received_at) for _ in range(3)] == [0, 0, 0]
    assert (Order.objects.count(), Event.objects.filter(kind="order.denied").count()) == (orders, 0)

    switch.halted = False
    switch.save()
    closes(risen)


def test_a_halt_that_comes_in_between_refuses_the_desks_order_too(margin: Account, risen: Quote) -> None:
    limit(None, **HALT)

    answer = services.close_position(margin, "AAPL", "margin:AAPL:1", risen.received_at, by_desk=True)

    assert answer == Refused({"account": "New orders are stopped for the whole desk: Asked for"})
    assert held()[0] == -1000


def test_who_closes_alone_is_still_held_to_the_limits(margin: Account, risen: Quote) -> None:
    limit(margin, barred_symbols="AAPL")

    answer = services.close_position(margin, "AAPL", "mine", risen.received_at)

    assert answer == Refused({"symbol": "AAPL may not be traded here: it is on the deny list"})


@pytest.mark.parametrize("broken_by", ["closed", "stale", "unknown"])
def test_what_protects_prices_holds_for_the_desk_too(margin: Account, risen: Quote, broken_by: str) -> None:
    """Without limits and with some: none of them stands for a market that is open or a quote that is fresh."""
    limit(margin, **HALT)
    later, field = risen.received_at, "symbol"
    if broken_by == "closed":
        MarketState.objects.update(is_open=False, reason="A holiday")
    elif broken_by == "stale":
        later += timedelta(hours=1)
    else:
        board.clear()

    answer = services.close_position(margin, "AAPL", "margin:AAPL:1", later, by_desk=True)

    assert isinstance(answer, Refused)
    assert list(answer.errors) == [field]
    assert "stopped" not in answer.errors[field]


def test_an_order_of_a_trader_with_an_id_like_the_desks_keeps_no_call_off(
    margin: Account, risen: Quote, ticket: Words
) -> None:
    resting = ticket("buy 1 AAPL limit 1.00", "gtc", client_order_id="margin:AAPL:mine")
    services.place_order(margin, resting, risen.received_at)

    closes(risen)
