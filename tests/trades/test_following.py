"""R-ORDER: one triggers the other: a second order of any terms, held until the first is filled whole."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

import pytest

from apps.desk.order import Effect
from apps.desk.quote import Quote
from apps.live.models import Event
from apps.market.quotes import board
from apps.portfolio.models import Account
from apps.portfolio.queries import holding
from apps.risk import services as risk
from apps.risk.models import RiskLimits
from apps.trades import filling, services
from apps.trades.brokers.paper import PaperBroker
from apps.trades.models import Order
from apps.trades.ticket import Placed, Refused, Ticket

from .broken import broken
from .words import ticket_of

pytestmark = pytest.mark.django_db
Place = Callable[..., Order]
Quotes = Callable[..., Quote]
Words = tuple[str, Decimal, Decimal, str]


@pytest.fixture
def pair(placed: Place) -> Callable[..., tuple[Order, Order]]:
    """An order and what comes after it, as words."""

    def make(words: str, then: str, tif: str = "gtc", then_tif: str = "day", **more: Any) -> tuple[Order, Order]:
        first = placed(words, tif, then=ticket_of(then, "", then_tif, **more))
        return first, Order.objects.get(after=first)

    return make


@pytest.fixture
def meet(quote: Quotes, now: datetime) -> Callable[..., None]:
    """A quote comes, newer than the one before, and all still adds up."""
    numbers = count(1)

    def come(bid: str = "149.99", ask: str = "150.01", size: int = 1000, **named: Any) -> None:
        newer = {"received_at": now + timedelta(microseconds=next(numbers)), **named}
        given = quote(bid, ask, size, **newer)
        board.put(given)
        assert filling.match_symbol(given.symbol, given, None, now).failed == {}
        assert broken() == {}

    return come


def now_is(order: Order) -> Words:
    order.refresh_from_db()
    return order.status, order.cum_qty, order.reserved, order.reason


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


# Rejected when its turn comes


def halt(account: Account, bob: Any) -> None:
    risk.save_limits(RiskLimits(account=account, halted=True, halt_reason="Asked by Alice"), bob)


@pytest.mark.parametrize(
    ("then", "words"),
    [
        ("buy 700 AAPL limit 150.00", "Needs 105,003.50 USD; 98,509.00 available"),
        ("sell 11 AAPL", "Sells 11; 10 AAPL available"),
        ("buy 1 MSFT", "There is no quote for MSFT yet; wait for one"),
    ],
)
def test_what_a_rule_refuses_then_is_rejected_with_its_words(pair: Any, meet: Any, then: str, words: str) -> None:
    first, second = pair("buy 10 AAPL limit 149.00", then)

    meet("148.90", "149.00")

    assert (now_is(first)[0], now_is(second)) == ("filled", ("rejected", 0, 0, words))
    told = Event.objects.get(kind="order.rejected")
    assert (told.facts["order_id"], told.facts["reason"], told.facts["tone"], told.toast) == (
        str(second.pk),
        words,
        "error",
        True,
    )


def test_kill_switch_rejects_it(pair: Any, meet: Any, account: Account, bob: Any) -> None:
    first, second = pair("buy 10 AAPL limit 149.00", "sell 10 AAPL limit 155.00")
    halt(account, bob)

    meet("148.90", "149.00")

    assert (now_is(first)[0], now_is(second)[0]) == ("filled", "rejected")
    assert "Asked by Alice" in second.reason


def test_old_quote_of_another_symbol_rejects_it(pair: Any, meet: Any, now: datetime) -> None:
    old = now - timedelta(minutes=1)
    _, second = pair("buy 10 AAPL limit 149.00", "buy 1 MSFT")
    meet("399.00", "400.00", symbol="MSFT", received_at=old)

    meet("148.90", "149.00")

    assert now_is(second)[3] == "The quote for MSFT is 60.0 s old; wait for a fresh one"


def test_date_that_has_passed_meanwhile_rejects_it(pair: Any, quote: Quotes, now: datetime) -> None:
    _, second = pair("buy 10 AAPL limit 149.00", "sell 10 AAPL", then_tif="gtd", expires_at=now + timedelta(hours=1))
    later = now + timedelta(hours=2)
    fresh = quote("148.90", "149.00", received_at=later)
    board.put(fresh)

    assert services.expire_dated_orders(later) == 0
    filling.match_symbol("AAPL", fresh, None, later)

    assert now_is(second)[:2] == ("rejected", 0)
    assert second.reason.startswith("Good till must be later than now")


# Ended with the first


ENDED = "The order that it waits for has ended"


@pytest.mark.parametrize("parts", [0, 4])
def test_first_that_is_cancelled_takes_it_along(
    pair: Any, meet: Any, account: Account, now: datetime, parts: int
) -> None:
    first, second = pair("buy 10 AAPL limit 149.00", "sell 10 AAPL")
    meet("148.90", "149.00", parts)

    services.cancel_order(account, first.pk, now)

    assert (now_is(first)[0], now_is(second)) == ("canceled", ("canceled", 0, 0, ENDED))
    assert broken() == {}


def test_first_that_expires_takes_it_along(pair: Any, now: datetime) -> None:
    first, second = pair("buy 10 AAPL limit 149.00", "sell 10 AAPL", "day")

    assert services.expire_day_orders(now.date(), now) == 1

    assert (now_is(first)[0], now_is(second)) == ("expired", ("canceled", 0, 0, ENDED))


def test_first_that_is_killed_takes_it_along(pair: Any, meet: Any) -> None:
    first, second = pair("buy 10 AAPL limit 149.00", "sell 10 AAPL", "ioc")

    meet()

    assert (now_is(first)[0], now_is(second)[0]) == ("canceled", "canceled")


def test_first_that_becomes_too_dear_takes_it_along(pair: Any, meet: Any) -> None:
    first, second = pair("buy 600 AAPL", "sell 10 AAPL")

    meet("199.00", "200.00")

    assert (now_is(first)[:2], now_is(second)[0]) == (("canceled", 499), "canceled")


def test_exit_that_trades_ends_its_entry_and_what_waits_for_that(placed: Place, meet: Any) -> None:
    entry = placed("buy 10 AAPL limit 150.01", "gtc", stop_loss=Decimal("145"), then=ticket_of("buy 1 AAPL", ""))
    meet(size=4)

    meet("144.00", "150.50")

    assert now_is(entry)[0] == "canceled"
    assert now_is(Order.objects.get(after=entry))[0] == "canceled"


def test_all_are_cancelled_with_those_that_wait(pair: Any, account: Account, now: datetime) -> None:
    first, second = pair("buy 10 AAPL limit 149.00", "sell 10 MSFT")

    assert {order.pk for order in services.cancel_all(account, "", now)} == {first.pk, second.pk}


def test_cancelled_alone_it_leaves_the_first(pair: Any, meet: Any, account: Account, now: datetime) -> None:
    first, second = pair("buy 10 AAPL limit 149.00", "sell 10 AAPL")

    services.cancel_order(account, second.pk, now)
    meet("148.90", "149.00")

    assert (now_is(first)[0], now_is(second)) == ("filled", ("canceled", 0, 0, ""))


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
