"""A day of the real market, 2013-10-07: the replay feed's quotes, the paper broker, a trader with a script.

What must come out is worked out here from the recording's own rows, by other means than the desk's.
"""

from __future__ import annotations

import asyncio
import csv
import gzip
import json
import uuid
from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from apps.desk.commission import parse_commission
from apps.market.feeds.replay import Replay
from apps.market.quotes import board
from apps.market.services import follow_session, open_market
from apps.portfolio import queries as portfolio
from apps.portfolio.models import Account
from apps.portfolio.services import open_account
from apps.portfolio.value import PortfolioView
from apps.trades import services
from apps.trades.brokers.paper import PaperBroker
from apps.trades.models import Fill, Order
from apps.trades.queries import plain
from apps.trades.seconds import expire_orders
from apps.trades.ticket import Change, Placed
from tests.market.build import REAL_SESSION

from .broken import broken
from .recorded_wishes import BUY, WISHES, Row, Wish, expected_legs, moment

EXPECTED = Path(__file__).parent / "recorded_session.json"
CASH = Decimal(1_000_000)
FEE = parse_commission("per-share 0.005 min 1.00")

pytestmark = pytest.mark.django_db


def recording() -> dict[str, list[Row]]:
    """When, bid, ask and their sizes of each quote on record, straight from the file."""
    found: dict[str, list[Row]] = {}
    with gzip.open(REAL_SESSION, "rt") as lines:
        for row in csv.DictReader(lines):
            if row["bid"] and row["ask"]:
                at = datetime.fromisoformat(row["ts"])
                figures = [Decimal(row[name] or 0) for name in ("bid", "ask", "bid_size", "ask_size")]
                found.setdefault(row["symbol"], []).append((at, *figures))  # type: ignore[arg-type]
    return found


def play(account: Account) -> list[Order]:
    """The whole session, second by second; the clock is the recording's."""
    feed = Replay(REAL_SESSION, speed=1e9, now=lambda: feed.at)
    open_market(feed)
    broker, waiting, orders = PaperBroker(), deeds(), dict[Wish, Order]()
    batches = feed.quotes()
    with closing(asyncio.new_event_loop()) as loop:
        while batch := loop.run_until_complete(following(batches)):
            for quote in batch:
                board.put(quote)
            while waiting and waiting[0][0] <= feed.at and board.latest(waiting[0][1].symbol):
                _, wish, do = waiting.pop(0)
                do(account, wish, orders, feed.at)
                broker.refresh()
            for quote in batch:
                if broker.would_fill(quote, feed.at):
                    broker.fill(quote, feed.at)
            for order_id, watermark in broker.trailed().items():
                services.trail(uuid.UUID(order_id), watermark)
    follow_session(feed)
    expire_orders(feed.at)
    return [each for wish in WISHES for each in family(Order.objects.get(pk=orders[wish].pk))]


Do = Callable[[Account, Wish, dict[Wish, Order], datetime], None]


def deeds() -> list[tuple[datetime, Wish, Do]]:
    """What the trader does, in turn."""
    found: list[tuple[datetime, Wish, Do]] = [(wish.moment, wish, send) for wish in WISHES]
    found += [(moment(wish.replaced[0]), wish, change) for wish in WISHES if wish.replaced[0]]
    found += [(moment(wish.cancelled), wish, cancel) for wish in WISHES if wish.cancelled]
    return sorted(found, key=lambda deed: deed[0])


def send(account: Account, wish: Wish, orders: dict[Wish, Order], now: datetime) -> None:
    answer = services.place_order(account, wish.ticket(len(orders)), now)
    assert isinstance(answer, Placed), answer
    orders[wish] = answer.order


def change(account: Account, wish: Wish, orders: dict[Wish, Order], now: datetime) -> None:
    to = Change(Decimal(wish.quantity), Decimal(wish.replaced[1]), None)
    answer = services.replace_order(account, orders[wish].pk, to, now)
    assert isinstance(answer, Order), answer


def cancel(account: Account, wish: Wish, orders: dict[Wish, Order], now: datetime) -> None:
    services.cancel_order(account, orders[wish].pk, now)


def family(order: Order) -> list[Order]:
    """The order, the other of its OCO, its stop loss and its take profit."""
    other = Order.objects.filter(oco=order.pk).exclude(pk=order.pk)
    return [order, *other, *order.exits.order_by("client_order_id")]


async def following(batches: Any) -> list[Any]:
    return await anext(batches, [])


def test_recorded_session_trades_as_the_recording_says(alice: Any, settings: Any) -> None:
    """R-QUOTES, R-BROKER: every fill, the cash to the cent, the position and the value at the close."""
    settings.COMMISSION = "per-share 0.005 min 1.00"
    board.clear()
    account = open_account(alice, CASH)

    orders = play(account)

    rows = recording()
    wanted = [(wish.symbol, leg) for wish in WISHES for leg in expected_legs(wish, rows[wish.symbol])]
    done = [list(order.fills.order_by("id").values_list("at", "last_qty", "last_px")) for order in orders]
    assert done == [leg.fills for _, leg in wanted]
    ends = {(True, "filled"), (False, "expired"), (False, "canceled")}
    assert {(bool(fills), order.status) for fills, order in zip(done, orders, strict=True)} == ends

    flows, shares = Decimal(0), dict.fromkeys(("SPY", "IBM", "BAC", "AIG"), Decimal(0))
    for symbol, leg in wanted:
        sign = 1 if leg.side is BUY else -1
        for _, quantity, price in leg.fills:
            flows -= sign * quantity * price + FEE.of(quantity, price)
            shares[symbol] += sign * quantity
    account.refresh_from_db()
    assert (account.cash, account.reserved) == (CASH + flows, 0)

    view = portfolio.portfolio_value(portfolio.load_holdings(account.pk), board)
    held = {each.held.symbol: each.held.quantity for each in view.open_positions}
    assert held == {symbol: quantity for symbol, quantity in shares.items() if quantity}
    worth = sum((position.market_value or Decimal(0) for position in view.positions), Decimal(0))
    assert view.equity == account.cash + worth
    assert view.realized + view.unrealized - view.fees == view.equity - CASH
    assert broken() == {}
    assert Fill.objects.count() == sum(map(len, done))
    assert outcome(account, orders, view) == json.loads(EXPECTED.read_text())


def outcome(account: Account, orders: list[Order], view: PortfolioView) -> dict[str, Any]:
    """All of it, as it is kept beside the recording."""
    return {
        "orders": [
            {
                "order": f"{order.side} {plain(order.quantity)} {order.instrument.symbol} {order.order_type}",
                "status": order.status,
                "average": plain(order.avg_px),
                "fills": [
                    f"{fill.at:%H:%M:%S} {plain(fill.last_qty)} at {plain(fill.last_px)}, fee {plain(fill.commission)}"
                    for fill in order.fills.order_by("id")
                ],
            }
            for order in orders
        ],
        "cash": plain(account.cash),
        "equity": plain(view.equity),
        "realized": plain(view.realized),
        "unrealized": plain(view.unrealized),
        "fees": plain(view.fees),
        "positions": {each.held.symbol: plain(each.held.quantity) for each in view.open_positions},
    }
