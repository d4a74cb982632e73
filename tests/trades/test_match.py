"""Matching end to end: the fill, the books, what stays held back and what is told agree to the cent."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from apps.desk.matching import Displayed
from apps.desk.quote import Quote
from apps.live.models import Event
from apps.portfolio.models import Account, Journal, Position
from apps.portfolio.services import open_account
from apps.trades import filling, services
from apps.trades.models import Fill, Order

from .broken import broken

pytestmark = pytest.mark.django_db
Quotes = Callable[..., Quote]
Place = Callable[..., Order]


def kinds() -> list[str]:
    return list(Event.objects.filter(kind__startswith="order.").order_by("seq").values_list("kind", flat=True))


def books_agree() -> bool:
    return broken() == {}


def test_market_buy_fills_at_the_ask_and_is_booked(
    account: Account, placed: Place, quote: Quotes, now: datetime
) -> None:
    """R-BROKER, R-ORDER"""
    order = placed("buy 10 AAPL")

    outcome = filling.match_symbol("AAPL", quote(), None, now)

    order.refresh_from_db()
    account.refresh_from_db()
    fill = Fill.objects.get()
    assert outcome.left == Displayed(bid_size=Decimal(1000), ask_size=Decimal(990))
    assert (order.status, order.cum_qty, order.avg_px, order.reserved) == ("filled", 10, Decimal("150.01"), 0)
    assert (fill.last_qty, fill.last_px, fill.commission, fill.liquidity) == (10, Decimal("150.01"), 1, "taker")
    assert (fill.bid, fill.ask, fill.quote_age_ms) == (Decimal("149.99"), Decimal("150.01"), 0)
    assert (account.cash, account.reserved) == (Decimal("98498.90"), 0)
    assert Position.objects.get().quantity == 10
    assert kinds() == ["order.accepted", "order.filled"]
    assert books_agree()


def test_sell_fills_at_the_bid(held: Order, account: Account, placed: Place, quote: Quotes, now: datetime) -> None:
    order = placed("sell 40 AAPL")
    assert Position.objects.get().reserved == 40

    filling.match_symbol("AAPL", quote("151.00", "151.02"), None, now)

    order.refresh_from_db()
    position = Position.objects.get()
    assert (order.status, order.avg_px, order.reserved) == ("filled", Decimal("151.00"), 0)
    assert (position.quantity, position.reserved, position.realized_pnl) == (60, 0, Decimal("39.60"))
    assert books_agree()


def test_limit_waits_and_then_fills_at_the_better_price(
    account: Account, placed: Place, quote: Quotes, now: datetime
) -> None:
    order = placed("buy 10 AAPL limit 149.50")

    filling.match_symbol("AAPL", quote(), None, now)
    order.refresh_from_db()
    waiting = order.status
    filling.match_symbol("AAPL", quote("149.30", "149.40"), None, now)

    order.refresh_from_db()
    account.refresh_from_db()
    assert (waiting, order.status, order.avg_px) == ("new", "filled", Decimal("149.40"))
    assert (account.cash, account.reserved) == (Decimal("98505.00"), 0)


def test_stop_is_elected_once_and_fills_where_the_market_is(
    held: Order, placed: Place, quote: Quotes, now: datetime
) -> None:
    order = placed("sell 100 AAPL stop 149.00", "gtc")

    filling.match_symbol("AAPL", quote("148.00", "148.10", size=30), None, now)
    filling.match_symbol("AAPL", quote("149.50", "149.60"), None, now)

    order.refresh_from_db()
    assert order.triggered_at == now
    assert [(fill.last_qty, fill.last_px) for fill in order.fills.order_by("id")] == [
        (30, Decimal("148.00")),
        (70, Decimal("149.50")),
    ]
    assert (order.status, order.avg_px) == ("filled", Decimal("149.05"))


def test_stop_elected_where_nothing_is_shown_stays_elected(
    held: Order, placed: Place, quote: Quotes, now: datetime
) -> None:
    order = placed("sell 10 AAPL stop 149.00")

    filling.match_symbol("AAPL", quote("148.00", "148.10", bid_size=Decimal(0)), None, now)
    filling.match_symbol("AAPL", quote("150.00", "150.10"), None, now)

    order.refresh_from_db()
    assert (order.status, order.avg_px) == ("filled", Decimal("150.00"))


def test_partial_fill_keeps_back_its_share_and_leaves_the_rest_working(
    account: Account, placed: Place, quote: Quotes, now: datetime
) -> None:
    """R-ORDER"""
    order = placed("buy 100 AAPL limit 150.01")

    filling.match_symbol("AAPL", quote(size=30), None, now)

    order.refresh_from_db()
    account.refresh_from_db()
    assert (order.status, order.cum_qty, order.avg_px) == ("partially_filled", 30, Decimal("150.01"))
    assert order.reserved == account.reserved == Decimal("10501.40")  # 70 of 100 of 15,002.00
    event = Event.objects.get(kind="order.partially_filled")
    assert [event.facts[name] for name in ("last_qty", "last_px", "cum_qty", "leaves_qty", "tone")] == [
        "30",
        "150.01",
        "30",
        "70",
        "success",
    ]


def test_displayed_size_is_shared_by_price_and_time(
    account: Account, bob: Any, placed: Place, quote: Quotes, now: datetime
) -> None:
    other = open_account(bob, Decimal(100_000))
    late = placed("buy 50 AAPL limit 150.01", at=now)
    early = placed("buy 50 AAPL limit 150.01", owner=other, at=now - timedelta(seconds=1))
    better = placed("buy 50 AAPL limit 150.05", at=now)

    filling.match_symbol("AAPL", quote(size=80), None, now)

    done = dict(Order.objects.values_list("pk", "cum_qty"))
    assert [done[order.pk] for order in (better, early, late)] == [50, 30, 0]


def test_left_of_the_displayed_size_bounds_the_next_match(placed: Place, quote: Quotes, now: datetime) -> None:
    placed("buy 60 AAPL")
    first = filling.match_symbol("AAPL", quote(size=100), None, now)
    later = placed("buy 60 AAPL")

    second = filling.match_symbol("AAPL", quote(size=100), first.left, now)

    later.refresh_from_db()
    assert (later.cum_qty, second.left.ask_size) == (40, 0)


def test_nothing_fills_on_a_stale_quote(placed: Place, quote: Quotes, now: datetime) -> None:
    """R-STALE"""
    order = placed("buy 10 AAPL")

    filling.match_symbol("AAPL", quote(), None, now + timedelta(seconds=16))

    order.refresh_from_db()
    assert order.status == "new"


def test_market_buy_that_gapped_up_pays_what_it_can_and_cancels_the_rest(
    account: Account, placed: Place, quote: Quotes, now: datetime
) -> None:
    """R-RISK: cash is never negative."""
    order = placed("buy 630 AAPL")

    filling.match_symbol("AAPL", quote("199.99", "200.00"), None, now)

    order.refresh_from_db()
    account.refresh_from_db()
    assert (order.status, order.cum_qty, order.reserved) == ("canceled", 499, 0)
    assert order.reason == "The rest needs 26,200.00 USD and its fee, more than is available"
    assert (account.cash, account.reserved) == (Decimal("197.50"), 0)
    assert kinds() == ["order.accepted", "order.partially_filled", "order.canceled"]
    assert books_agree()


def test_buy_that_can_pay_nothing_is_cancelled_unfilled(
    account: Account, placed: Place, quote: Quotes, now: datetime
) -> None:
    order = placed("buy 1 AAPL")
    Account.objects.update(cash=order.reserved)  # what else there was is gone

    filling.match_symbol("AAPL", quote("499.99", "500.00"), None, now)

    order.refresh_from_db()
    account.refresh_from_db()
    assert (order.status, order.cum_qty, account.reserved) == ("canceled", 0, 0)
    assert Fill.objects.count() == 0


def test_fees_of_many_small_fills_never_overdraw(
    account: Account, placed: Place, quote: Quotes, now: datetime
) -> None:
    Account.objects.update(cash=Decimal("1501.10"))
    order = placed("buy 10 AAPL limit 150.01")

    for size in (5, 5):
        filling.match_symbol("AAPL", quote(size=size), None, now)

    order.refresh_from_db()
    account.refresh_from_db()
    assert (order.status, order.cum_qty) == ("canceled", 9)
    assert (account.cash, account.reserved) == (Decimal("149.01"), 0)


def test_cancelling_gives_back_what_is_held(account: Account, placed: Place, now: datetime) -> None:
    order = placed("buy 10 AAPL limit 149.50")

    services.cancel_order(account, order.pk, now)

    order.refresh_from_db()
    account.refresh_from_db()
    assert (order.status, order.reserved, account.reserved) == ("canceled", 0, 0)
    assert kinds() == ["order.accepted", "order.canceled"]


def test_cancelling_a_sell_gives_the_shares_back(
    held: Order, account: Account, placed: Place, quote: Quotes, now: datetime
) -> None:
    order = placed("sell 100 AAPL limit 150.00")
    filling.match_symbol("AAPL", quote("150.00", "150.02", size=25), None, now)

    services.cancel_order(account, order.pk, now)

    order.refresh_from_db()
    position = Position.objects.get()
    assert (order.status, order.cum_qty) == ("canceled", 25)
    assert (position.quantity, position.reserved) == (75, 0)


def test_same_execution_is_booked_once(placed: Place, quote: Quotes, now: datetime) -> None:
    """R-ORDER: the execution id is the order and the quantity it brought it to."""
    order = placed("buy 10 AAPL")

    for _ in range(3):
        filling.match_symbol("AAPL", quote(), None, now)

    fill = Fill.objects.get()
    assert fill.exec_id == f"{order.pk}:10"
    assert Journal.objects.filter(ref=fill.exec_id).count() == 1


def test_fault_in_one_order_spares_the_others(
    account: Account, bob: Any, placed: Place, quote: Quotes, now: datetime
) -> None:
    broken = placed("buy 10 AAPL")
    Account.objects.filter(pk=account.pk).update(reserved=0)  # what it holds back is gone: its release must fail
    fine = placed("buy 10 AAPL", owner=open_account(bob, Decimal(100_000)))

    outcome = filling.match_symbol("AAPL", quote(), None, now)

    fine.refresh_from_db()
    broken.refresh_from_db()
    assert (list(outcome.failed), outcome.moved) == ([str(broken.pk)], (str(fine.pk),))
    assert outcome.left.ask_size == 990
    assert (fine.status, broken.status, broken.fills.count()) == ("filled", "new", 0)


def test_day_orders_expire_and_others_stay(account: Account, placed: Place, now: datetime) -> None:
    day, gtc = placed("buy 10 AAPL limit 100", "day"), placed("buy 10 AAPL limit 100", "gtc")

    expired = services.expire_day_orders(now.date(), now)

    day.refresh_from_db()
    gtc.refresh_from_db()
    account.refresh_from_db()
    assert (expired, day.status, day.reason) == (1, "expired", "The session it was good for is over")
    assert (gtc.status, account.reserved) == ("new", gtc.reserved)
    assert Event.objects.get(kind="order.expired").facts["tone"] == "warn"


def test_day_orders_of_the_next_session_stay(placed: Place, now: datetime) -> None:
    placed("buy 10 AAPL limit 100", "day")

    assert services.expire_day_orders(now.date() - timedelta(days=1), now) == 0
