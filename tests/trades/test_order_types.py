"""R-ORDER: every order type and time in force on real rows, from the ticket to what is left of the order."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from apps.desk.quote import Quote
from apps.live.models import Event
from apps.portfolio.models import Account
from apps.trades import filling, services
from apps.trades.brokers.paper import PaperBroker
from apps.trades.models import Fill, Order
from apps.trades.ticket import Refused, Ticket

pytestmark = pytest.mark.django_db
Place = Callable[..., Order]
Quotes = Callable[..., Quote]
Words = Callable[..., Ticket]


def now_of(order: Order) -> Order:
    return Order.objects.select_related("instrument").get(pk=order.pk)


def test_stop_limit_is_elected_and_then_waits_for_its_limit(
    held: Order, placed: Place, quote: Quotes, now: datetime
) -> None:
    order = placed("sell 10 AAPL stop 149 limit 148.50")

    filling.match_symbol("AAPL", quote("148.00", "148.10"), None, now)
    elected = now_of(order)
    filling.match_symbol("AAPL", quote("148.60", "148.70"), None, now)

    assert (elected.status, elected.triggered_at) == ("new", now)
    assert (now_of(order).status, now_of(order).avg_px) == ("filled", Decimal("148.60"))


def test_stop_limit_buy_holds_back_its_limit(account: Account, placed: Place) -> None:
    assert placed("buy 10 AAPL stop 155 limit 156").reserved == Decimal("1561.00")


def test_trailing_stop_starts_where_the_market_is(held: Order, placed: Place) -> None:
    order = now_of(placed("sell 10 AAPL trail 2%"))

    assert (order.watermark, order.stop_at) == (Decimal("149.99"), Decimal("146.9902"))


def test_trailing_stop_remembers_what_only_the_broker_saw(
    held: Order, placed: Place, quote: Quotes, now: datetime
) -> None:
    """The best price is kept each second; the stop follows each quote."""
    order, broker = placed("sell 10 AAPL trail 1.00"), PaperBroker()
    broker.refresh()

    asked = [broker.would_fill(quote(bid, ask), now) for bid, ask in [("152.00", "152.10"), ("151.50", "151.60")]]
    turned = quote("151.00", "151.10")
    asked.append(broker.would_fill(turned, now))
    broker.refresh()
    broker.fill(turned, now)

    done = now_of(order)
    assert asked == [False, False, True]
    assert (done.status, done.avg_px, done.watermark) == ("filled", Decimal("151.00"), Decimal("152.00"))


def test_kept_watermark_is_told_and_outlives_the_desk(
    held: Order, placed: Place, quote: Quotes, now: datetime
) -> None:
    order, broker = placed("sell 10 AAPL trail 1.00"), PaperBroker()
    broker.refresh()
    broker.would_fill(quote("152.00", "152.10"), now)

    services.trail(order.pk, broker.trailed()[str(order.pk)])

    another = PaperBroker()
    another.refresh()
    assert now_of(order).stop_at == Decimal("151.00")
    assert Event.objects.filter(kind="order.trailed", toast=False).count() == 1
    assert another.would_fill(quote("150.90", "151.00"), now)
    assert another.trailed() == {}


def test_trailing_stop_ignores_a_stale_quote(held: Order, placed: Place, quote: Quotes, now: datetime) -> None:
    placed("sell 10 AAPL trail 1.00")
    broker = PaperBroker()
    broker.refresh()

    assert not broker.would_fill(quote("190.00", "190.10"), now + timedelta(minutes=1))
    assert broker.trailed() == {}


def test_watermark_that_is_worse_changes_nothing(held: Order, placed: Place) -> None:
    order = placed("sell 10 AAPL trail 1.00")
    before = Event.objects.count()

    services.trail(order.pk, Decimal(100))

    assert now_of(order).watermark == Decimal("149.99")
    assert Event.objects.count() == before


def test_trail_wider_than_the_price_is_refused(held: Order, account: Account, ticket: Words, now: datetime) -> None:
    answer = services.place_order(account, ticket("sell 1 AAPL trail 150"), now)

    assert answer == Refused({"trail_amount": "A trail this wide would put the stop at -0.01 USD"})


@pytest.mark.parametrize(
    ("words", "tif", "size", "status", "filled"),
    [
        ("buy 10 AAPL", "ioc", 100, "filled", 10),
        ("buy 10 AAPL", "ioc", 4, "canceled", 4),
        ("buy 10 AAPL limit 149", "ioc", 100, "canceled", 0),
        ("buy 10 AAPL", "fok", 10, "filled", 10),
        ("buy 10 AAPL", "fok", 9, "canceled", 0),
    ],
)
def test_immediate_order_takes_what_there_is_and_is_over(
    words: str,
    tif: str,
    size: int,
    status: str,
    filled: int,
    account: Account,
    placed: Place,
    quote: Quotes,
    now: datetime,
) -> None:
    order = placed(words, tif)

    filling.match_symbol("AAPL", quote(size=size), None, now)

    done = now_of(order)
    account.refresh_from_db()
    assert (done.status, done.cum_qty, done.reserved) == (status, filled, 0)
    assert account.reserved == 0
    assert bool(done.reason) == (status == "canceled")


def test_fill_or_kill_that_cannot_be_paid_whole_is_killed(
    account: Account, placed: Place, quote: Quotes, now: datetime
) -> None:
    order = placed("buy 600 AAPL", "fok")

    filling.match_symbol("AAPL", quote("199.99", "200.00"), None, now)

    assert (now_of(order).status, Fill.objects.count()) == ("canceled", 0)
    assert "more than is available" in now_of(order).reason


def test_order_good_till_a_date_ends_then(account: Account, placed: Place, quote: Quotes, now: datetime) -> None:
    until = now + timedelta(hours=1)
    order = placed("buy 10 AAPL limit 140", "gtd", expires_at=until)

    assert services.expire_dated_orders(until - timedelta(seconds=1)) == 0
    late = quote("139.00", "139.10", venue_at=until, received_at=until)
    assert filling.match_symbol("AAPL", late, None, until).moved == ()
    assert services.expire_dated_orders(until) == 1

    account.refresh_from_db()
    assert (now_of(order).status, account.reserved) == ("expired", 0)
    assert now_of(order).reason == "The date it was good till is over"


@pytest.mark.parametrize("days", [0, -1, 400])
def test_date_that_is_past_or_too_far_is_refused(days: int, account: Account, ticket: Words, now: datetime) -> None:
    answer = services.place_order(
        account, ticket("buy 1 AAPL limit 140", "gtd", expires_at=now + timedelta(days)), now
    )

    assert answer == Refused({"expires_at": "Good till must be later than now and within 366 days"})
