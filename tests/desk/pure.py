"""The rules of apps/desk at work without a database: commands in, state out. Whoever has no clock is told the time.

A command is a dict of texts and whole seconds since NOON, so that it can be written to a file and read again:

    {"do": "place", "at": 4, "trader": "ann", "order": "o1", "symbol": "AAPL", "side": "buy", "type": "limit", …}
    {"do": "quote", "at": 5, "age": 1, "symbol": "AAPL", "bid": "9.99", "ask": "10.01", "bid_size": "50", …}
    cancel (order), replace (order, quantity, limit, stop), look (symbol, again at what its quote has left),
    expire (what was good till now), close (the session is over), hours (regular or extended ones begin)

The way of the data is that of apps/trades/services.py and filling.py.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from apps.desk.book import Book
from apps.desk.calendar import Trading
from apps.desk.commission import parse_commission
from apps.desk.fill import Fill
from apps.desk.ledger import BOOKS, CASH, Line, lines_of_deposit, lines_of_fill
from apps.desk.matching import Displayed, Execution, is_over, match
from apps.desk.money import ZERO, cents, plain
from apps.desk.order import LIMITS, WORKING, Order, OrderStatus, OrderType, Side, TimeInForce, check_transition
from apps.desk.position import Position, trade
from apps.desk.quote import Quote
from apps.desk.risk import Accepted, Denied, affordable, check_closing, check_opening, check_terms
from apps.desk.sessions import check_extended

from .build import NOON

Command = dict[str, Any]
LOTS = {"AAPL": Decimal(1), "FRAC": Decimal("0.001")}
STALE_MS = 15_000
HOURS = {"regular": Trading.CONTINUOUS, "extended": Trading.EXTENDED}
TRADERS = {"ann": Decimal(150), "ben": Decimal(9_000)}  # USD to begin with
STOP_PRICED = {OrderType.STOP, OrderType.STOP_LIMIT}


class PureDesk:
    def __init__(self, fees: str) -> None:
        self.commission = parse_commission(fees)
        self.orders: dict[str, Order] = {}
        self.owners: dict[str, str] = {}
        self.reserved: dict[str, Decimal] = {}  # by order: USD for a buy, shares for a sell
        self.held_back: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)  # by trader and symbol or cash
        self.books = {symbol: Book() for symbol in LOTS}
        self.quotes: dict[str, Quote] = {}
        self.left: dict[str, Displayed] = {}
        self.fills: list[Fill] = []
        self.trading = Trading.CONTINUOUS
        self.positions = {(trader, symbol): Position(symbol) for trader in TRADERS for symbol in LOTS}
        self.ledger = {trader: dict.fromkeys(BOOKS, ZERO) for trader in TRADERS}
        for trader, amount in TRADERS.items():
            self.write(trader, lines_of_deposit(amount))

    def apply(self, command: Command) -> bool:
        """Whether it was taken; a refusal changes nothing."""
        now = moment(command["at"])
        match command["do"]:
            case "place":
                return self.place(command, now)
            case "cancel":
                return self.cancel(command["order"])
            case "replace":
                return self.change(command, now)
            case "quote":
                quote = quote_of(command)
                self.quotes[quote.symbol] = quote
                self.left[quote.symbol] = Displayed(quote.bid_size, quote.ask_size)
                return self.meet(quote, now)
            case "look":
                quote = self.quotes.get(command["symbol"])
                return quote is not None and self.meet(quote, now)
            case "expire":
                return self.expire(lambda order: is_over(order, now))
            case "hours":
                self.trading = HOURS[command["hours"]]
                return True
            case "close":
                return self.expire(lambda order: order.time_in_force is TimeInForce.DAY)
        raise ValueError(f"{command['do']!r} is no command")

    # Orders

    def place(self, command: Command, now: datetime) -> bool:
        order, trader = order_of(command), command["trader"]
        verdict = self.verdict(order, trader, now)
        if isinstance(verdict, Denied):
            return False
        self.owners[order.order_id] = trader
        self.put(order.seeing(self.quotes[order.symbol]))
        self.hold(order, verdict.reserve)
        return True

    def verdict(self, order: Order, trader: str, now: datetime) -> Accepted | Denied:
        quote = self.quotes.get(order.symbol)
        if denied := check_terms(order, quote, now) or (check_extended(order) if order.extended_hours else None):
            return denied
        if order.side is Side.BUY:
            return check_opening(order, quote, self.free_cash(trader), self.commission, now, STALE_MS)
        held, reserved = self.positions[trader, order.symbol].qty, self.held_back[trader, order.symbol]
        return check_closing(replace(order, quantity=order.leaves_qty), held, reserved, quote, now, STALE_MS)

    def change(self, command: Command, now: datetime) -> bool:
        before = self.orders.get(command["order"])
        if before is None or before.status not in WORKING:
            return False
        limit = Decimal(command["limit"]) if before.order_type in LIMITS else None
        stop = Decimal(command["stop"]) if before.order_type in STOP_PRICED else None
        order = replace(before, quantity=Decimal(command["quantity"]), limit_price=limit, stop_price=stop)
        if order.quantity <= before.cum_qty or (before.triggered and stop != before.stop_price):
            return False
        if (limit, stop) != (before.limit_price, before.stop_price) or order.quantity > before.quantity:
            order = replace(order, placed_at=now)
        held = self.reserved[order.order_id]
        self.hold(before, ZERO)
        verdict = self.verdict(order, self.owners[order.order_id], now)
        if isinstance(verdict, Denied):
            self.hold(before, held)
            return False
        self.hold(order, verdict.reserve)
        self.put(order)
        return True

    def cancel(self, order_id: str) -> bool:
        order = self.orders.get(order_id)
        if order is None or order.status not in WORKING:
            return False
        self.end(order, OrderStatus.CANCELED)
        return True

    def expire(self, is_due: Any) -> bool:
        due = [order for book in self.books.values() for order in book if is_due(order)]
        for order in due:
            self.end(order, OrderStatus.EXPIRED)
        return bool(due)

    def end(self, order: Order, status: OrderStatus) -> None:
        self.hold(order, ZERO)
        self.move(order, status)

    def move(self, order: Order, status: OrderStatus) -> None:
        check_transition(self.orders[order.order_id].status, status)
        self.put(replace(order, status=status))

    def put(self, order: Order) -> None:
        self.orders[order.order_id] = order
        if order.status in WORKING:
            self.books[order.symbol].put(order)
        else:
            self.books[order.symbol].take(order.order_id)

    def hold(self, order: Order, amount: Decimal) -> None:
        what = CASH if order.side is Side.BUY else order.symbol
        self.held_back[self.owners[order.order_id], what] += amount - self.reserved.get(order.order_id, ZERO)
        self.reserved[order.order_id] = amount

    def free_cash(self, trader: str) -> Decimal:
        return self.ledger[trader][CASH] - self.held_back[trader, CASH]

    # Quotes

    def meet(self, quote: Quote, now: datetime) -> bool:
        """Whether an order moved."""
        book = self.books[quote.symbol]
        if self.trading is not Trading.EXTENDED and not quote.is_stale(now, STALE_MS):
            book.see(quote)
            self.orders |= {order.order_id: order for order in book if order.follows}
        left, lot = self.left[quote.symbol], LOTS[quote.symbol]
        words = {"stale_ms": STALE_MS, "displayed": left, "lot_size": lot, "trading": self.trading}
        matched = match(book.reached(quote), quote, now, **words)
        for order_id in matched.triggered:
            self.put(replace(self.orders[order_id], triggered=True))
        for execution in matched.executions:
            taken = self.execute(execution, now)
            left = self.left[quote.symbol]
            if self.orders[execution.order_id].side is Side.BUY:
                self.left[quote.symbol] = Displayed(left.bid_size, left.ask_size - taken)
            else:
                self.left[quote.symbol] = Displayed(left.bid_size - taken, left.ask_size)
        for order_id in matched.killed:
            self.cancel(order_id)
        return bool(matched.executions or matched.triggered or matched.killed)

    def execute(self, execution: Execution, now: datetime) -> Decimal:
        """Books as much as the trader can pay and cancels the rest; returns what was taken."""
        order, qty, lot = self.orders[execution.order_id], execution.qty, LOTS[self.orders[execution.order_id].symbol]
        trader, held, leaves = self.owners[order.order_id], self.reserved[order.order_id], order.leaves_qty
        if order.side is Side.BUY:
            qty = affordable(qty, execution.price, self.commission, self.free_cash(trader) + held, lot)
        if qty < execution.qty and order.time_in_force is TimeInForce.FOK:
            qty = ZERO
        self.hold(order, ZERO)
        if qty:
            self.book(order, execution, qty, now)
        order = self.orders[order.order_id]
        if qty < execution.qty:
            self.end(order, OrderStatus.CANCELED)
        elif order.side is Side.SELL:
            self.hold(order, order.leaves_qty)
        elif qty < leaves:
            self.hold(order, min(cents(held * order.leaves_qty / leaves), self.free_cash(trader)))
        return qty

    def book(self, order: Order, execution: Execution, qty: Decimal, now: datetime) -> None:
        cum, trader = order.cum_qty + qty, self.owners[order.order_id]
        exec_id, fee = f"{order.order_id}:{plain(cum)}", self.commission.of(qty, execution.price)
        facts = order.order_id, order.symbol, order.side, qty, execution.price, fee, execution.liquidity, now
        fill = Fill(exec_id, *facts)
        held = self.positions[trader, order.symbol]
        done = trade(held, fill)
        self.positions[trader, order.symbol] = done.position
        self.write(trader, lines_of_fill(fill, done.position.cost - held.cost, done.realized))
        self.fills.append(fill)
        done = cum == order.quantity
        self.move(replace(order, cum_qty=cum), OrderStatus.FILLED if done else OrderStatus.PARTIALLY_FILLED)

    def write(self, trader: str, lines: tuple[Line, ...]) -> None:
        for line in lines:
            self.ledger[trader][line.book] += line.amount


def moment(seconds: int) -> datetime:
    return NOON + timedelta(seconds=seconds)


def quote_of(said: Command) -> Quote:
    prices = [Decimal(said[name]) for name in ("bid", "ask", "bid_size", "ask_size", "bid")]
    return Quote(said["symbol"], *prices, *[moment(said["at"] - said["age"])] * 2)


def order_of(said: Command) -> Order:
    kind = OrderType(said["type"])
    trail = Decimal(said["trail"].removesuffix("%")) if kind is OrderType.TRAILING_STOP else None
    is_percent = said["trail"].endswith("%")
    return Order(
        order_id=said["order"],
        symbol=said["symbol"],
        side=Side(said["side"]),
        order_type=kind,
        quantity=Decimal(said["quantity"]),
        placed_at=moment(said["at"]),
        limit_price=Decimal(said["limit"]) if kind in LIMITS else None,
        stop_price=Decimal(said["stop"]) if kind in STOP_PRICED else None,
        time_in_force=TimeInForce(said["tif"]),
        trail_amount=None if is_percent else trail,
        trail_percent=trail if is_percent else None,
        expires_at=moment(said["till"]) if said["tif"] == "gtd" else None,
        extended_hours=said.get("extended", False),
    )
