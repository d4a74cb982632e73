"""A day of the real market, 2013-10-07: the replay feed's quotes, the paper broker, a trader with a script.

What must come out is worked out here from the recording's own rows, by other means than the desk's.
"""

from __future__ import annotations

import asyncio
import csv
import gzip
import json
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from apps.desk.commission import parse_commission
from apps.desk.order import OrderType, Side
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
from apps.trades.ticket import Placed, Ticket
from tests.market.build import REAL_SESSION

from .broken import broken

EXPECTED = Path(__file__).parent / "recorded_session.json"
CASH = Decimal(1_000_000)
FEE = parse_commission("per-share 0.005 min 1.00")

pytestmark = pytest.mark.django_db


@dataclass(frozen=True)
class Wish:
    """What the trader sends when the venue's clock reaches `at`."""

    at: str
    side: Side
    quantity: int
    symbol: str
    kind: OrderType = OrderType.MARKET
    price: str = ""

    @property
    def moment(self) -> datetime:
        return datetime.fromisoformat(f"2013-10-07T{self.at}+00:00")

    def ticket(self, number: int) -> Ticket:
        price = Decimal(self.price) if self.price else None
        return Ticket(
            self.symbol,
            self.side,
            self.kind,
            Decimal(self.quantity),
            f"wish-{number}",
            limit_price=price if self.kind is OrderType.LIMIT else None,
            stop_price=price if self.kind is OrderType.STOP else None,
        )


BUY, SELL, LIMIT, STOP = Side.BUY, Side.SELL, OrderType.LIMIT, OrderType.STOP
WISHES = [
    Wish("13:30:05", BUY, 3000, "SPY"),
    Wish("13:31:00", BUY, 700, "IBM"),
    Wish("13:45:00", BUY, 20_000, "BAC", LIMIT, "13.81"),
    Wish("14:00:00", SELL, 1000, "SPY", LIMIT, "168.20"),
    Wish("14:30:00", BUY, 1500, "AIG", STOP, "49.05"),
    Wish("15:00:00", SELL, 700, "IBM", STOP, "182.30"),
    Wish("18:00:00", SELL, 2000, "SPY"),
    Wish("19:00:00", BUY, 100, "BAC", LIMIT, "10.00"),
]


Row = tuple[datetime, Decimal, Decimal, Decimal, Decimal]


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


def expected_fills(wish: Wish, rows: list[Row]) -> list[tuple[Decimal, Decimal]]:
    """Quantity and price of each execution: what a quote shows is taken once, in whole shares."""
    left, elected, fills = Decimal(wish.quantity), wish.kind is not STOP, list[tuple[Decimal, Decimal]]()
    limit = Decimal(wish.price or 0)
    for at, bid, ask, bid_size, ask_size in rows:
        if at < wish.moment:
            continue
        price, size = (ask, ask_size) if wish.side is BUY else (bid, bid_size)
        elected = elected or (price >= limit if wish.side is BUY else price <= limit)
        waits = wish.kind is LIMIT and (price > limit if wish.side is BUY else price < limit)
        if elected and not waits and (taken := min(left, size)):
            fills.append((taken, price))
            left -= taken
            if not left:
                break
    return fills


def play(account: Account) -> list[Order]:
    """The whole session, second by second; the clock is the recording's."""
    feed = Replay(REAL_SESSION, speed=1e9, now=lambda: feed.at)
    open_market(feed)
    broker, waiting, orders = PaperBroker(), list(WISHES), list[Order]()
    batches = feed.quotes()
    with closing(asyncio.new_event_loop()) as loop:
        while batch := loop.run_until_complete(following(batches)):
            for quote in batch:
                board.put(quote)
            while waiting and waiting[0].moment <= feed.at and board.latest(waiting[0].symbol):
                answer = services.place_order(account, waiting.pop(0).ticket(len(orders)), feed.at)
                assert isinstance(answer, Placed), answer
                orders.append(answer.order)
                broker.refresh()
            for quote in batch:
                if broker.would_fill(quote, feed.at):
                    broker.fill(quote, feed.at)
    follow_session(feed)
    expire_orders(feed.at)
    return [Order.objects.get(pk=order.pk) for order in orders]


async def following(batches: Any) -> list[Any]:
    return await anext(batches, [])


def test_recorded_session_trades_as_the_recording_says(alice: Any, settings: Any) -> None:
    """R-QUOTES, R-BROKER: every fill, the cash to the cent, the position and the value at the close."""
    settings.COMMISSION = "per-share 0.005 min 1.00"
    board.clear()
    account = open_account(alice, CASH)

    orders = play(account)

    rows = recording()
    wanted = [expected_fills(wish, rows[wish.symbol]) for wish in WISHES]
    done = [list(order.fills.order_by("id").values_list("last_qty", "last_px")) for order in orders]
    assert done == wanted
    assert [len(fills) > 0 for fills in wanted] == [True] * 7 + [False]
    assert [order.status for order in orders] == ["filled"] * 7 + ["expired"]

    flows, shares = Decimal(0), dict.fromkeys(("SPY", "IBM", "BAC", "AIG"), Decimal(0))
    for wish, fills in zip(WISHES, wanted, strict=True):
        sign = 1 if wish.side is BUY else -1
        for quantity, price in fills:
            flows -= sign * quantity * price + FEE.of(quantity, price)
            shares[wish.symbol] += sign * quantity
    account.refresh_from_db()
    assert (account.cash, account.reserved) == (CASH + flows, 0)

    view = portfolio.portfolio_value(portfolio.load_holdings(account.pk), board)
    held = {each.held.symbol: each.held.quantity for each in view.open_positions}
    assert held == {symbol: quantity for symbol, quantity in shares.items() if quantity}
    worth = sum((position.market_value or Decimal(0) for position in view.positions), Decimal(0))
    assert view.equity == account.cash + worth
    assert view.realized + view.unrealized - view.fees == view.equity - CASH
    assert broken() == {}
    assert Fill.objects.count() == sum(len(fills) for fills in wanted)
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
