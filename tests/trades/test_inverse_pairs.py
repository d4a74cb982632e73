"""Shares in a currency that is quoted in units a USD: bought, valued and kept at USD a unit, as all others are."""

from __future__ import annotations

import csv
import html
import io
import re
from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.desk.money import cents
from apps.desk.quote import Quote
from apps.market.models import Bar, Instrument
from apps.market.quotes import board
from apps.market.rates import rate_now
from apps.portfolio.asof import view_as_of
from apps.portfolio.models import Account, Journal
from apps.portfolio.queries import load_holdings, portfolio_value
from apps.portfolio.value import PortfolioView
from apps.trades import filling, services
from apps.trades.models import Fill, Order
from apps.trades.ticket import Refused, Ticket
from tests.browser.server import DeskServer
from tests.live.test_churn import wait
from tests.live.test_socket import Trader

from .broken import broken
from .http import FIELDS, JSON
from .test_currency_queries import BEFORE

D = Decimal
RATE = D("0.00645161")  # 1 / 155
Come = Callable[..., Quote]


@pytest.fixture
def yen(come: Come, now: datetime) -> None:
    """155 yen are a dollar, and TOYO 2,500 JPY; it closed at 2,600, and the dollar at 160 yen."""
    closed = {"session_date": now.date(), "currency": "JPY"}
    Instrument.objects.create(symbol="TOYO", name="Toyota", previous_close=2600, **closed)
    Instrument.objects.create(symbol="USDJPY", name="Yen", tradable=False, previous_close=160, **closed)
    board.refresh()
    come("USDJPY", "154.99", "155.01")
    come("TOYO", "2499", "2501")


@pytest.fixture
def meet(come: Come, now: datetime) -> Callable[..., None]:
    """The next quote of TOYO fills what it may, and all still adds up."""

    def fill(at: datetime | None = None) -> None:
        filling.match_symbol("TOYO", come("TOYO", "2499", "2501", at), None, at or now)
        assert broken() == {}

    return fill


def view_of(account: Account, now: datetime) -> PortfolioView:
    return portfolio_value(load_holdings(account.pk), board, now)


def listed_too(come: Come, now: datetime, bid: str, ask: str, at: datetime | None = None) -> None:
    """The yen is quoted in USD a unit as well."""
    Instrument.objects.create(symbol="JPYUSD", name="Yen", tradable=False)
    board.refresh()
    come("JPYUSD", bid, ask, at)


def bar(symbol: str, start: datetime, close: str) -> None:
    path = dict.fromkeys(("open", "high", "low", "close"), D(close))
    Bar.objects.create(instrument=Instrument.objects.get(symbol=symbol), start=start, volume=1, **path)


def test_an_order_over_http_is_filled_at_usd_a_unit_which_the_entry_keeps(
    desk: Client, account: Account, yen: None, meet: Callable[..., None]
) -> None:
    sent = {**FIELDS, "symbol": "TOYO", "quantity": "100", "limit_price": "2510"}
    assert desk.post("/orders/", sent, headers=JSON).status_code == 201
    assert Order.objects.get().reserved == cents(251_000 * RATE)
    meet()

    account.refresh_from_db()
    fill, entry = Fill.objects.get(), Journal.objects.get(kind="buy")
    assert (fill.last_px, fill.rate) == (2501, RATE)
    assert (entry.currency, entry.rate, entry.local_amount) == ("JPY", RATE, -250_100)
    assert account.cash == 100_000 - D("1613.55")


def test_worth_and_the_days_pnl_count_at_the_inverse(
    account: Account, yen: None, placed: Any, meet: Callable[..., None], come: Come, now: datetime
) -> None:
    """Held over from a close of 2,600 JPY at 160 a dollar."""
    placed("buy 100 TOYO")
    meet()
    Journal.objects.update(session_date=now.date() - timedelta(days=1))
    come("USDJPY", "124.99", "125.01")

    view = view_of(account, now)
    (held,) = view.open_positions
    assert (held.last, held.rate, held.market_value) == (2500, D("0.008"), 2000)
    assert held.unrealized == 2000 - D("1613.55")
    assert view.day_pnl == 2000 - 260_000 * D("0.00625")


def test_where_both_are_listed_the_one_in_usd_a_unit_counts(
    account: Account, yen: None, placed: Any, meet: Callable[..., None], come: Come, now: datetime
) -> None:
    listed_too(come, now, "0.0069", "0.0071")
    placed("buy 100 TOYO")
    meet()

    (held,) = view_of(account, now).open_positions
    assert (held.held.pair, held.rate, Fill.objects.get().rate) == ("JPYUSD", D("0.007"), D("0.007"))


def test_it_counts_while_it_is_old_too(
    account: Account, yen: None, come: Come, ticket: Callable[..., Ticket], now: datetime
) -> None:
    """Two that took turns would move what is held, though no market moved."""
    listed_too(come, now, "0.0069", "0.0071", at=now - timedelta(minutes=1))

    answer = services.place_order(account, ticket("buy 1 TOYO"), now)

    assert isinstance(answer, Refused)
    assert re.fullmatch(r"TOYO is in JPY, and the rate of JPY in USD is 6\d\.\d s old; .*", answer.errors["symbol"])


def test_an_old_inverse_pair_opens_nothing_and_makes_values_old(
    account: Account, yen: None, placed: Any, meet: Callable[..., None], ticket: Any, now: datetime
) -> None:
    placed("buy 100 TOYO")
    meet()
    later = now + timedelta(minutes=1)
    meet(later)

    answer = services.place_order(account, ticket("buy 1 TOYO"), later)

    assert isinstance(answer, Refused) and "rate of JPY in USD is" in answer.errors["symbol"]
    assert view_of(account, later).stale_value == cents(250_000 * RATE)


def test_at_a_rate_of_nothing_nothing_is_bought_for_nothing(
    account: Account, yen: None, placed: Any, meet: Callable[..., None], come: Come, ticket: Any, now: datetime
) -> None:
    order = placed("buy 100 TOYO")
    come("USDJPY", "250000000", "250000000")
    meet()

    answer = services.place_order(account, ticket("buy 1 TOYO"), now)

    order.refresh_from_db()
    assert (order.status, rate_now("JPY").usd) == ("new", None)
    assert isinstance(answer, Refused)
    assert answer.errors == {"symbol": "TOYO is in JPY, and there is no rate of JPY in USD yet; wait for one"}


def test_the_receipt_says_which_pair_the_rate_is_from(
    desk: Client, yen: None, placed: Any, meet: Callable[..., None]
) -> None:
    placed("buy 100 TOYO")
    meet()

    shown = words_of(desk.get("/portfolio/receipts/market-value/").content.decode())

    assert "100 × 2500 JPY × 0.00645161" in shown
    assert "USDJPY 155.00 JPY at 0.00645161 USD" in shown
    ledger = words_of(desk.get("/portfolio/ledger/").content.decode())
    assert "Buy 100 TOYO at 2,501.00 JPY, 0.00645161 USD each" in ledger


def words_of(page: str) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]*>", " ", page)))


def test_a_moment_of_the_past_stays_at_its_pair_though_another_is_listed_later(
    account: Account, yen: None, placed: Any, meet: Callable[..., None], come: Come, now: datetime
) -> None:
    placed("buy 100 TOYO")
    meet()
    at = now + timedelta(minutes=5)
    bar("TOYO", at - timedelta(minutes=2), "2700")
    bar("USDJPY", at - timedelta(minutes=2), "150")
    before = view_as_of(account, at)[0]
    listed_too(come, now, "0.0069", "0.0071")
    bar("JPYUSD", at, "0.0070")

    (held,) = before.open_positions
    assert (held.rate, held.market_value) == (D("0.00666667"), cents(270_000 * D("0.00666667")))
    assert view_as_of(account, at)[0] == before


def test_it_costs_no_query_more_than_another_currency(
    account: Account, yen: None, placed: Any, meet: Callable[..., None], now: datetime
) -> None:
    placed("buy 100 TOYO")
    meet()
    load_holdings(account.pk)  # what is asked once a process

    with CaptureQueriesContext(connection) as asked:
        view = portfolio_value(load_holdings(account.pk, lots=True), board, now)
    assert (len(asked), view.open_positions[0].rate) == (BEFORE["holdings"] + 1, RATE)
    with CaptureQueriesContext(connection) as asked:
        rate_now("JPY")
    assert len(asked) == 0


def test_on_a_real_desk_a_share_in_yen_is_bought_and_its_entry_is_whole(
    start_desk: Callable[..., DeskServer],
) -> None:
    """Requirement: multi-currency with rates kept on the entry; over real HTTP, at the simulated market's USDJPY."""
    trader = Trader(start_desk(SIM_FX="on"), "alice")
    asked = {"symbol": "7203.T", "side": "buy", "order_type": "market", "quantity": "10"}
    with closing(trader.http) as http:
        estimate = partial(http.get, "/orders/ticket/", params=asked, headers={"HX-Request": "true"})
        assert wait(lambda: "JPY, of which one is 0.00" in estimate().text)  # the first quotes are there
        taken = trader.order(**asked, client_order_id="yen")
        order = partial(http.get, f"/orders/{taken.json().get('id')}/", headers=JSON)
        assert wait(lambda: order().json()["status"] == "filled"), taken.text
        file = http.get("/history/export.csv?tab=ledger").text
        receipt = words_of(http.get("/portfolio/receipts/market-value/?symbol=7203.T").text)

    entry = [row for row in csv.DictReader(io.StringIO(file)) if row["currency"] == "JPY"]
    (paid,) = [row for row in entry if row["book"] == "securities"]
    rate, local = D(paid["rate"]), D(paid["local_amount"])
    assert D("0.005") < rate < D("0.008")
    assert D(paid["amount"]) == cents(-local * rate)
    assert sum(D(row["amount"]) for row in entry) == 0
    assert re.search(r"USDJPY 1\d\d\.\d+ JPY at 0\.00\d+ USD", receipt)
