"""The terms of an account: margin calls, interest, cash or margin, and the cost method."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from apps.desk.margin import maintenance_margin
from apps.desk.position import CostMethod
from apps.live.models import Event
from apps.market.quotes import board
from apps.portfolio import services as portfolio
from apps.portfolio import terms
from apps.portfolio.models import Account, AccountKind, Journal
from apps.trades import filling, services
from apps.trades.margin_calls import call_margins

from .http import JSON, sign_in
from .on_margin import all_holds, held, view

pytestmark = pytest.mark.django_db
Words = Callable[..., Any]


def test_under_the_maintenance_margin_the_desk_closes_and_says_so(
    margin: Account, trade: Words, placed: Words, quote: Words, now: datetime
) -> None:
    """1,000 sold short at 149.99; at 230 the 249,984 of equity and proceeds no longer carry 30 % of what is owed."""
    trade("sell 1000 AAPL")
    waiting = placed("sell 10 AAPL limit 160.00", "gtc")
    assert call_margins(now) == 0
    risen = quote(bid="229.98", ask="230.00", received_at=now + timedelta(seconds=1))
    board.put(risen)
    before = view(margin)
    assert before.margin.is_called
    assert before.margin.maintenance == maintenance_margin(Decimal(-1000), before.market_value)

    later = risen.received_at
    assert call_margins(later) == 1
    assert call_margins(later) == 0  # it is under way

    waiting.refresh_from_db()
    assert waiting.status == "canceled"
    told = Event.objects.get(kind="account.margin_call").facts
    assert "is under the maintenance margin of 69,000.00: AAPL is being closed" in told["memo"]
    filling.match_symbol("AAPL", risen, None, later)
    assert held()[0] == 0
    all_holds()


def test_who_holds_nothing_and_owes_has_nothing_closed(margin: Account, trade: Words, now: datetime) -> None:
    """1,000 sold short at 149.99 and covered at 275.00: of 120,000 some 5,000 are owed, and there is no position."""
    trade("sell 1000 AAPL")
    portfolio.fund(margin, Decimal(20_000), "more", "")
    trade("buy 1000 AAPL", ask="275.00")

    assert view(margin).equity < 0
    assert view(margin).margin.is_called
    assert call_margins(now) == 0


def test_nobody_is_called_on_old_prices(margin: Account, trade: Words, quote: Words, now: datetime) -> None:
    trade("sell 1000 AAPL")
    board.put(quote(bid="229.98", ask="230.00", received_at=now + timedelta(seconds=1)))

    assert call_margins(now + timedelta(hours=1)) == 0


def test_interest_on_what_is_borrowed_is_booked_once_a_day(margin: Account, trade: Words, settings: Any) -> None:
    settings.MARGIN_RATE_BPS = Decimal(750)
    trade("buy 1000 AAPL limit 150.01")  # costs 150,010 and 5.00
    margin.refresh_from_db()
    assert margin.cash == Decimal("-50015.00")
    today = margin.interest_until
    assert isinstance(today, date)

    assert [terms.charge_interest(today + timedelta(days=day)) for day in (0, 1, 1)] == [0, 1, 0]

    margin.refresh_from_db()
    assert (margin.interest, margin.cash) == (Decimal("-10.42"), Decimal("-50025.42"))
    assert Journal.objects.get(kind="interest").memo.startswith("7.5 % a year on 50,015.00 USD borrowed")
    seen = view(margin)
    assert (seen.income, seen.total_pnl) == (Decimal("-10.42"), seen.unrealized - seen.fees - Decimal("10.42"))
    all_holds()


@pytest.mark.parametrize(
    ("words", "message"),
    [("sell 10 AAPL", "AAPL is sold short; buy to cover it first"), ("buy 1000 AAPL", "USD are borrowed")],
)
def test_back_to_cash_only_with_nothing_owed(margin: Account, trade: Words, words: str, message: str) -> None:
    trade(words)

    with pytest.raises(terms.NotPossible, match=message):
        terms.set_kind(margin, AccountKind.CASH)

    margin.refresh_from_db()
    assert margin.kind == "margin"


def test_back_to_cash_when_nothing_works_on_margin(margin: Account, placed: Words, now: datetime) -> None:
    order = placed("buy 1 AAPL limit 100.00", "gtc")
    with pytest.raises(terms.NotPossible, match="Working orders would open positions on margin; cancel them first"):
        terms.set_kind(margin, AccountKind.CASH)
    services.cancel_order(margin, order.pk, now)

    assert [terms.set_kind(margin, AccountKind.CASH) for _ in range(2)] == [True, False]


def test_margin_takes_equity(bob: Any, market: Any) -> None:
    small = portfolio.open_account(bob, Decimal(1_999))

    with pytest.raises(terms.NotPossible, match=r"Margin takes 2,000.00 USD of equity; the account has 1,999.00"):
        terms.set_kind(small, AccountKind.MARGIN)


def test_only_the_excess_may_be_withdrawn(margin: Account, trade: Words) -> None:
    trade("sell 100 AAPL")
    free = view(margin).margin.excess

    with pytest.raises(portfolio.NotAvailable):
        portfolio.withdraw(margin, free + Decimal("0.01"), "out", "Out")
    portfolio.withdraw(margin, free, "out", "Out")

    assert view(margin).margin.excess == 0


def test_terms_page_changes_both_and_says_what_is_in_the_way(margin: Account, trade: Words, alice: Any) -> None:
    client = sign_in(alice)
    trade("buy 10 AAPL")
    trade("sell 5 AAPL")

    refused = client.post("/portfolio/terms/", {"kind": "bogus"})
    assert (refused.status_code, "Choose cash or margin" in refused.content.decode()) == (422, True)
    assert client.post("/portfolio/terms/", {"cost_method": "lifo"}).status_code == 302
    assert client.post("/portfolio/terms/", {"kind": "cash"}).status_code == 302

    margin.refresh_from_db()
    assert (margin.kind, margin.cost_method) == ("cash", "lifo")
    page = client.get("/portfolio/terms/").content.decode()
    assert 'value="lifo" checked' in page and 'value="cash" checked' in page


def test_ticket_says_that_it_sells_short_and_what_margin_it_needs(margin: Account, alice: Any) -> None:
    client = sign_in(alice)
    typed = {"symbol": "AAPL", "side": "sell", "quantity": "10", "order_type": "limit", "limit_price": "160.00"}

    shown = client.get("/orders/ticket/", typed, headers={"HX-Request": "true"}).content.decode()
    placed = client.post("/orders/", {**typed, "reduce_only": "on"}, headers=JSON)

    assert "Sell short: margin needed</dt><dd>801.00" in shown
    assert (placed.status_code, list(placed.json()["errors"])) == (422, ["reduce_only"])


@pytest.mark.parametrize("method", CostMethod)
def test_cost_method_works_every_position_out_again_and_books_the_difference(
    margin: Account, trade: Words, method: CostMethod
) -> None:
    """100 at 100.00, 100 at 120.00, 100 sold at 129.98: 2,998, 998 or 1,998, whichever shares went."""
    earned = {CostMethod.FIFO: 2998, CostMethod.LIFO: 998, CostMethod.AVERAGE: 1998}
    trade("buy 100 AAPL", ask="100.00")
    trade("buy 100 AAPL", ask="120.00")
    trade("sell 100 AAPL", ask="130.00")
    whole = view(margin).total_pnl

    changed = terms.set_cost_method(margin, method)

    assert changed == (method is not CostMethod.FIFO)
    assert held()[3] == earned[method]
    assert view(margin).total_pnl == whole
    assert Journal.objects.filter(kind="cost_method").count() == changed
    all_holds()
    trade("sell 100 AAPL", ask="130.00")
    assert held() == (0, 0, 0, 3996)
    all_holds()
