"""R-ORDER: one triggers the other: a second order of any terms, held until the first is filled whole."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from apps.desk.order import Effect
from apps.desk.quote import Quote
from apps.market.quotes import board
from apps.portfolio.models import Account
from apps.portfolio.queries import holding
from apps.trades import services
from apps.trades.brokers.paper import PaperBroker
from apps.trades.models import Order
from apps.trades.ticket import Placed, Refused, Ticket

from .broken import broken
from .words import now_is, ticket_of

pytestmark = pytest.mark.django_db
Place = Callable[..., Order]
Quotes = Callable[..., Quote]


def test_second_order_waits_and_holds_nothing_back(pair: Any, account: Account, meet: Any) -> None:
    first, second = pair("buy 10 AAPL limit 149.00", "buy 500 AAPL limit 150.00")
    meet()

    assert now_is(second) == ("held", 0, 0, "")
    account.refresh_from_db()
    assert account.reserved == now_is(first)[2] == Decimal("1491.00")
    assert second.session_date is None


def test_it_begins_when_the_first_is_filled_whole(pair: Any, account: Account, meet: Any) -> None:
    first, second = pair("buy 10 AAPL limit 149.00", "sell 10 AAPL limit 155.00", then_tif="gtc")

    meet("148.90", "149.00", 6)
    partly = now_is(first)[0], now_is(second)[0]
    meet("148.90", "149.00", 4)

    assert partly == ("partially_filled", "held")
    assert (now_is(first)[0], now_is(second)) == ("filled", ("new", 0, 10, ""))
    assert (second.effect, holding(account, "AAPL")) == ("close", (10, 10))
    meet("155.00", "155.10")
    assert now_is(second) == ("filled", 10, 0, "")


def test_second_order_may_be_of_another_symbol(pair: Any, account: Account, meet: Any) -> None:
    _, second = pair("buy 10 AAPL limit 149.00", "buy 2 MSFT")
    msft = {"symbol": "MSFT"}
    meet("399.00", "400.00", **msft)

    meet("148.90", "149.00")
    begun = now_is(second)[:3]
    meet("399.00", "400.00", **msft)

    assert begun == ("new", 0, 841)
    assert now_is(second) == ("filled", 2, 0, "")


def test_its_place_in_the_queue_and_its_trail_begin_with_it(pair: Any, meet: Any, now: datetime) -> None:
    _, second = pair("buy 10 AAPL limit 149.00", "sell 10 AAPL trail 2", then_tif="gtc")
    meet("170.00", "170.10")
    waiting = second.watermark

    meet("148.90", "149.00")

    second.refresh_from_db()
    assert (waiting, second.watermark, second.stop_at) == (None, Decimal("148.90"), Decimal("146.90"))
    assert (second.queued_at, second.session_date) == (now, now.date())


def test_on_margin_what_it_does_to_a_position_is_found_when_it_begins(
    trade: Any, ticket: Callable[..., Ticket], margin: Account, now: datetime
) -> None:
    """The first sells what is held; what would have been a sale then is a short sale now."""
    trade("buy 10 AAPL")
    trade("sell 10 AAPL", then=ticket_of("sell 5 AAPL limit 160.00", ""))

    second = Order.objects.get(after__isnull=False)
    assert (second.status, second.effect, second.verb) == ("new", Effect.OPEN, "Sell short")
    assert broken() == {}


# Once, whatever dies


def test_sent_again_it_is_the_same_pair_and_with_another_second_it_is_refused(
    account: Account, ticket: Callable[..., Ticket], now: datetime
) -> None:
    asked = ticket("buy 10 AAPL limit 149.00", then=ticket_of("sell 10 AAPL", "", "gtc"))
    placed, again = (services.place_order(account, asked, now) for _ in range(2))
    others = [replace(asked, then=None), replace(asked, then=ticket_of("sell 9 AAPL", "", "gtc"))]

    assert isinstance(placed, Placed)
    assert again == Placed(placed.order, created=False)
    assert all(isinstance(services.place_order(account, other, now), Refused) for other in others)
    assert Order.objects.count() == 2


def test_refused_first_leaves_no_second(account: Account, ticket: Callable[..., Ticket], now: datetime) -> None:
    asked = ticket("buy 5000 AAPL", then=ticket_of("sell 10 AAPL", ""))

    assert isinstance(services.place_order(account, asked, now), Refused)
    assert not Order.objects.exists()


def test_desk_that_died_right_after_the_fill_works_the_second(pair: Any, meet: Any, quote: Quotes, now: Any) -> None:
    """It is working before the first one's fill is told: nothing of it is in memory only."""
    _, second = pair("buy 10 AAPL limit 149.00", "sell 10 AAPL limit 155.00")
    meet("148.90", "149.00")
    broker = PaperBroker()
    broker.refresh()

    assert broker.would_fill(quote("155.00", "155.10"), now)
    broker.fill(quote("155.00", "155.10"), now)

    assert now_is(second)[0] == "filled"


def test_the_broker_that_filled_the_first_knows_the_second(pair: Any, quote: Quotes, now: datetime) -> None:
    pair("buy 10 AAPL limit 149.00", "sell 10 AAPL limit 155.00")
    broker = PaperBroker()
    broker.refresh()
    board.put(quote("148.90", "149.00"))

    broker.fill(quote("148.90", "149.00"), now)

    assert broker.would_fill(quote("155.00", "155.10"), now)


def test_one_that_must_trade_at_once_meets_the_quote_that_stands(pair: Any, meet: Any) -> None:
    _, second = pair("buy 10 AAPL limit 149.00", "sell 10 AAPL limit 155.00", then_tif="ioc")
    meet("148.90", "149.00")
    begun = now_is(second)[0]

    meet("148.90", "149.00")

    assert (begun, now_is(second)[0]) == ("new", "canceled")
