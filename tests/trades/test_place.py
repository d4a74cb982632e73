"""Placing: every rule refuses in words and numbers, and what is accepted holds back what it may cost."""

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
from apps.portfolio import services as portfolio
from apps.portfolio.models import Account
from apps.trades import services
from apps.trades.models import Order
from apps.trades.ticket import Placed, Refused, Ticket

pytestmark = pytest.mark.django_db
Words = Callable[..., Ticket]
Place = Callable[..., Order]


def test_order_is_accepted_and_holds_what_it_may_cost(account: Account, placed: Place, now: datetime) -> None:
    """R-ORDER, R-RISK"""
    order = placed("buy 10 AAPL limit 149.50", "gtc")

    account.refresh_from_db()
    order.refresh_from_db()
    assert (order.status, order.cum_qty, order.created_at) == ("new", 0, now)
    assert order.reserved == account.reserved == Decimal("1496.00")
    assert account.cash == Decimal(100_000)


def test_accepted_order_is_announced_with_every_fragment_it_touches(placed: Place) -> None:
    """R-TOAST"""
    order = placed("buy 10 AAPL limit 149.50")

    event = Event.objects.get(kind="order.accepted")
    account = order.account_id
    assert event.toast is True
    assert event.facts == {
        "order_id": str(order.pk),
        "side": "buy",
        "verb": "Buy",
        "symbol": "AAPL",
        "quantity": "10",
        "order_type": "limit",
        "status": "new",
        "last_qty": "",
        "last_px": "",
        "cum_qty": "0",
        "leaves_qty": "10",
        "avg_px": "",
        "limit_price": "149.5",
        "stop_price": "",
        "trail_amount": "",
        "trail_percent": "",
        "reason": "",
        "tone": "info",
    }
    assert {topic for topic in event.topics if topic.split("/")[0] not in {"bell", "activity"}} == {
        f"orders/{account}",
        f"orders/{account}:filled",
        f"orders/{account}:closed",
        f"fills/{account}",
        f"account/{account}",
        f"positions/{account}",
        f"ledger/{account}",
        f"breakdown/{account}",
        f"position/{account}:AAPL",
        f"order/{order.pk}",
    }


def test_same_ticket_again_is_the_same_order(account: Account, ticket: Words, now: datetime) -> None:
    """R-ORDER"""
    wanted = ticket("buy 10 AAPL")

    first = services.place_order(account, wanted, now)
    second = services.place_order(account, wanted, now + timedelta(hours=9))

    assert isinstance(first, Placed) and isinstance(second, Placed)
    assert (first.created, second.created) == (True, False)
    assert first.order == second.order
    assert (Order.objects.count(), Event.objects.filter(kind="order.accepted").count()) == (1, 1)


def test_same_ticket_is_the_same_order_even_when_the_market_has_closed(
    account: Account, ticket: Words, market: MarketState, now: datetime
) -> None:
    first = services.place_order(account, ticket("buy 10 AAPL", client_order_id="a"), now)
    MarketState.objects.update(is_open=False)

    second = services.place_order(account, ticket("buy 10 AAPL", client_order_id="a"), now)

    assert isinstance(first, Placed)
    assert second == Placed(first.order, created=False)


def test_same_id_for_another_ticket_is_refused(account: Account, ticket: Words, now: datetime) -> None:
    services.place_order(account, ticket("buy 10 AAPL", client_order_id="a"), now)

    answer = services.place_order(account, ticket("buy 20 AAPL", client_order_id="a"), now)

    assert answer == Refused({"client_order_id": "Client order id already names another order; send a new one"})
    assert Order.objects.count() == 1


def test_two_accounts_may_use_the_same_id(account: Account, bob: Any, ticket: Words, now: datetime) -> None:
    other = portfolio.open_account(bob, Decimal(100_000))

    answers = [services.place_order(each, ticket("buy 1 AAPL", client_order_id="a"), now) for each in (account, other)]

    assert [isinstance(answer, Placed) and answer.created for answer in answers] == [True, True]


def test_without_account_the_order_is_refused(ticket: Words, market: MarketState, now: datetime) -> None:
    assert services.place_order(None, ticket("buy 1 AAPL"), now) == Refused(
        {"account": "You have no account yet; an admin can open one"}
    )


def test_closed_market_refuses(account: Account, ticket: Words, now: datetime) -> None:
    MarketState.objects.update(is_open=False, reason="Opens at 14:30 UTC")

    assert services.place_order(account, ticket("buy 1 AAPL"), now) == Refused(
        {"symbol": "The market is closed: Opens at 14:30 UTC"}
    )


def test_missing_quote_refuses(account: Account, ticket: Words, now: datetime) -> None:
    assert services.place_order(account, ticket("buy 1 MSFT"), now) == Refused(
        {"symbol": "There is no quote for MSFT yet; wait for one"}
    )


@pytest.mark.parametrize("side", ["buy", "sell"])
def test_stale_quote_refuses(side: str, held: Order, account: Account, ticket: Words, now: datetime) -> None:
    """R-STALE"""
    later = now + timedelta(seconds=20)

    assert services.place_order(account, ticket(f"{side} 1 AAPL"), later) == Refused(
        {"symbol": "The quote for AAPL is 20.0 s old; wait for one younger than 15 s"}
    )


def test_too_little_buying_power_refuses_and_says_how_much(
    account: Account, ticket: Words, placed: Place, now: datetime
) -> None:
    """R-RISK"""
    placed("buy 600 AAPL limit 150.00")

    assert services.place_order(account, ticket("buy 100 AAPL limit 150.00"), now) == Refused(
        {"quantity": "Needs 15,001.00 USD; 9,997.00 available"}
    )


def test_selling_more_than_held_refuses(account: Account, ticket: Words, now: datetime) -> None:
    assert services.place_order(account, ticket("sell 1 AAPL"), now) == Refused(
        {"quantity": "Sells 1; 0 AAPL available"}
    )


def test_selling_what_working_sells_hold_refuses(
    held: Order, account: Account, ticket: Words, placed: Place, now: datetime
) -> None:
    placed("sell 60 AAPL limit 160.00")

    assert services.place_order(account, ticket("sell 41 AAPL"), now) == Refused(
        {"quantity": "Sells 41; 40 AAPL available (60 held for working sells)"}
    )
    assert isinstance(services.place_order(account, ticket("sell 40 AAPL limit 160"), now), Placed)


def test_refused_order_leaves_nothing_but_what_refused_it(account: Account, ticket: Words, now: datetime) -> None:
    before = Event.objects.count()

    services.place_order(account, ticket("buy 1000 AAPL limit 150", client_order_id="dear"), now)

    account.refresh_from_db()
    assert (Order.objects.count(), Event.objects.count(), account.reserved) == (0, before + 1, 0)
    event = Event.objects.get(kind="order.denied")
    assert (event.toast, event.topics) == (False, [])
    assert event.facts == {
        "client_order_id": "dear",
        "side": "buy",
        "symbol": "AAPL",
        "quantity": "1000",
        "order_type": "limit",
        "limit_price": "150",
        "stop_price": "",
        "rule": "buying_power",
        "reason": "Needs 150,005.00 USD; 100,000.00 available",
        "needed": "150005",
        "available": "100000",
    }


def test_new_order_rings_the_desk_on_commit(placed: Place, django_capture_on_commit_callbacks: Any) -> None:
    with django_capture_on_commit_callbacks() as callbacks:
        order = placed("buy 1 AAPL")

    assert [each.args for each in callbacks if getattr(each, "args", ())][-1] == (f"desk/orders/{order.pk}",)


def test_newest_quote_decides_what_is_held_back(
    account: Account, ticket: Words, quote: Callable[..., Quote], now: datetime
) -> None:
    board.put(quote("99.99", "100.01", received_at=now + timedelta(milliseconds=1)))

    answer = services.place_order(account, ticket("buy 10 AAPL"), now)

    assert isinstance(answer, Placed)
    assert answer.order.reserved == Decimal("1051.10")
