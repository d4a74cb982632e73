"""Shares in another currency: orders are in it, cash and rules are in USD at the rate of the moment."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.test import Client

from apps.desk.money import cents
from apps.desk.quote import Quote
from apps.market.models import Instrument
from apps.market.quotes import board
from apps.portfolio.models import Account, Journal, Position
from apps.portfolio.queries import load_holdings, portfolio_value
from apps.portfolio.value import PortfolioView
from apps.trades import services
from apps.trades.brokers.paper import PaperBroker
from apps.trades.forms import clean_ticket
from apps.trades.models import Fill, Order
from apps.trades.ticket import Refused, Ticket

from .http import FIELDS
from .test_limits_http import estimate, limit
from .test_limits_http import send as place
from .words import now_is

D = Decimal
LATE = timedelta(minutes=1)
Come = Callable[..., Quote]


def view_of(account: Account, now: datetime) -> PortfolioView:
    return portfolio_value(load_holdings(account.pk), board, now)


def refusal(account: Account, ticket: Ticket, now: datetime) -> dict[str, str]:
    answer = services.place_order(account, ticket, now)
    assert isinstance(answer, Refused)
    return answer.errors


def test_a_fill_takes_usd_at_the_rate_of_that_moment_and_keeps_it(
    account: Account, euro: None, placed: Any, meet_sap: Any, settings: Any
) -> None:
    settings.COMMISSION = "bps 10 min 1.00"
    order = placed("buy 10 SAP limit 201.00")
    assert now_is(order)[2] == D("2213.21")  # 10 × 201.00 × 1.10 and 2.21
    meet_sap()

    account.refresh_from_db()
    fill, entry = Fill.objects.get(), Journal.objects.get(kind="buy")
    assert (fill.last_px, fill.rate, fill.commission) == (D("200.01"), D("1.1"), D("2.20"))
    assert (entry.currency, entry.rate, entry.local_amount) == ("EUR", D("1.1"), D("-2000.10"))
    assert account.cash == 100_000 - D("2200.11") - D("2.20")


def test_realised_has_the_gain_of_the_currency_in_it(
    account: Account, euro: None, placed: Any, meet_sap: Any, come: Come, now: datetime
) -> None:
    placed("buy 10 SAP")
    meet_sap()
    come("EURUSD", "1.1999", "1.2001")
    placed("sell 10 SAP")
    meet_sap("200.01", "200.03")

    held = Position.objects.get(instrument__symbol="SAP")
    assert (held.realized_pnl, held.quantity, held.local_cost) == (D("2400.12") - D("2200.11"), 0, 0)
    assert view_of(account, now).equity == 100_000 + D("200.01")


def test_worth_is_shares_times_price_times_rate(
    account: Account, euro: None, placed: Any, meet_sap: Any, come: Come, now: datetime
) -> None:
    """The day counts from 190.00 EUR and 1.05 USD, but what was bought today from what it cost."""
    placed("buy 10 SAP")
    meet_sap()
    come("EURUSD", "1.1999", "1.2001")

    (held,) = view_of(account, now).open_positions
    assert (held.last, held.rate, held.market_value) == (200, D("1.2"), 2400)
    assert (held.unrealized, held.day_pnl) == (D("199.89"), D("199.89"))
    assert held.held.avg_px == D("200.01")


def test_what_was_held_over_gains_with_the_currency_since_the_close(
    account: Account, euro: None, placed: Any, meet_sap: Any, now: datetime
) -> None:
    placed("buy 10 SAP")
    meet_sap()
    Journal.objects.update(session_date=now.date() - timedelta(days=1))
    known = view_of(account, now)
    Instrument.objects.filter(symbol="EURUSD").update(session_date=now.date() - timedelta(days=1))

    assert known.day_pnl == 2200 - 1995
    assert view_of(account, now).day_pnl is None


def test_nothing_opens_without_a_rate(
    account: Account, come: Come, ticket: Callable[..., Ticket], now: datetime
) -> None:
    come("SAP", "199.99", "200.01")

    words = "SAP is in EUR, and there is no rate of EUR in USD yet; wait for one"
    assert refusal(account, ticket("buy 1 SAP"), now) == {"symbol": words}


def test_nothing_opens_at_an_old_rate_and_the_ticket_says_so(desk: Client, come: Come, now: datetime) -> None:
    come("SAP", "199.99", "200.01")
    come("EURUSD", "1.0999", "1.1001", at=now - LATE)

    shown = estimate(desk, symbol="SAP", limit_price="200.00")
    answer = place(desk, symbol="SAP", limit_price="200.00").json()

    words = re.compile(r"SAP is in EUR, and the rate of EUR in USD is 6\d\.\d s old; wait for one younger than 15 s")
    assert words.search(shown)
    assert words.fullmatch(answer["errors"]["symbol"][0])


def test_what_closes_is_taken_at_an_old_rate_and_filled_at_a_fresh_one(
    account: Account, euro: None, placed: Any, meet_sap: Any, come: Come, now: datetime
) -> None:
    placed("buy 10 SAP")
    meet_sap()
    later = now + LATE
    come("SAP", "199.99", "200.01", at=later)
    order = placed("sell 10 SAP", at=later)
    meet_sap(at=later)
    waiting = now_is(order)[0]
    come("EURUSD", "1.0999", "1.1001", at=later)
    meet_sap(at=later)

    assert (waiting, now_is(order)[0]) == ("new", "filled")


def test_the_broker_looks_away_while_the_rate_is_old(euro: None, placed: Any, come: Come, now: datetime) -> None:
    broker = PaperBroker()
    placed("buy 10 SAP")
    broker.refresh()
    later = now + LATE
    fresh = come("SAP", "199.99", "200.01", at=later)

    assert not broker.would_fill(fresh, later)
    come("EURUSD", "1.0999", "1.1001", at=later)
    assert broker.would_fill(fresh, later)


def test_values_at_an_old_rate_are_old(
    account: Account, euro: None, placed: Any, meet_sap: Any, come: Come, now: datetime
) -> None:
    placed("buy 10 SAP")
    meet_sap()
    later = now + LATE
    come("SAP", "199.99", "200.01", at=later)

    view = view_of(account, later)
    assert (view.open_positions[0].stale, view.stale_value) == (True, 2200)
    come("EURUSD", "1.0999", "1.1001", at=later)
    newer = view_of(account, later)
    assert (newer.stale_value, newer.ts > view.ts) == (0, True)


def test_without_a_rate_a_position_counts_at_its_cost(
    account: Account, euro: None, placed: Any, meet_sap: Any, now: datetime
) -> None:
    placed("buy 10 SAP")
    meet_sap()
    del board.quotes["EURUSD"]

    view = view_of(account, now)
    assert (view.is_priced, view.open_positions[0].stale) == (False, True)
    assert view.equity == 100_000
    assert view.total_pnl is None


def test_a_cash_account_never_pays_more_than_it_has(
    account: Account, euro: None, placed: Any, meet_sap: Any, come: Come
) -> None:
    order = placed("buy 450 SAP limit 200.01")
    come("EURUSD", "1.1999", "1.2001")
    meet_sap()

    account.refresh_from_db()
    assert now_is(order)[:3] == ("canceled", 416, 0)
    assert now_is(order)[3] == "The rest needs 8,160.41 USD and its fee, more than is available"
    assert account.cash == 100_000 - cents(416 * D("200.01") * D("1.2"))


def test_an_amount_in_usd_buys_what_it_pays_at_the_rates(
    account: Account, euro: None, meet_sap: Any, come: Come, now: datetime
) -> None:
    """10 × 200.01 × 1.10 are 2,200.11; at 1.15 the rest would go over."""
    asked = clean_ticket(
        {**FIELDS, "symbol": "SAP", "order_type": "market", "limit_price": "", "quantity": "", "notional": "2250"}
    )
    assert isinstance(asked, Ticket)
    services.place_order(account, asked, now)
    meet_sap(size=4)
    come("EURUSD", "1.1499", "1.1501")
    meet_sap()

    order = Order.objects.get()
    assert (asked.quantity, order.cum_qty, order.status) == (10, 9, "canceled")
    assert sum(-entry.local_amount * entry.rate for entry in Journal.objects.filter(kind="buy")) <= 2250


def test_limits_in_usd_are_held_against_usd(
    account: Account, euro: None, ticket: Callable[..., Ticket], now: datetime
) -> None:
    limit(position_usd=D(2200))

    words = "Would make 11 SAP worth 2,420.00 USD; your limit is 2,200.00"
    assert refusal(account, ticket("buy 11 SAP"), now) == {"quantity": words}
    assert not isinstance(services.place_order(account, ticket("buy 10 SAP"), now), Refused)


def test_on_margin_half_of_it_in_usd_is_held_back(margin: Account, euro: None, placed: Any, meet_sap: Any) -> None:
    order = placed("sell 10 SAP limit 200.00", owner=margin)

    held_back = now_is(order)[2]
    meet_sap("200.00", "200.02")
    margin.refresh_from_db()
    assert held_back == cents(10 * D("209.9895") * D("1.1") / 2)
    assert margin.cash == 102_200
    assert Position.objects.get().local_cost == -2000


def test_prices_that_make_no_sense_are_named_in_their_currency(
    account: Account, euro: None, ticket: Callable[..., Ticket], now: datetime
) -> None:
    errors = refusal(account, ticket("buy 1 SAP", take_profit=D("150.00")), now)

    assert errors == {"take_profit": "Take profit must be above the 200.01 EUR that the buy may cost"}
