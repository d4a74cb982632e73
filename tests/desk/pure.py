"""The rules of apps/desk at work without a database: commands in, state out. Whoever has no clock is told the time.

A command is a dict of texts and whole seconds since NOON, so that it can be written to a file and read again:

    {"do": "place", "at": 4, "trader": "ann", "order": "o1", "symbol": "AAPL", "side": "buy", "type": "limit", …}
    {"do": "quote", "at": 5, "age": 1, "symbol": "AAPL", "bid": "9.99", "ask": "10.01", "bid_size": "50", …}
    cancel (order), replace (order, quantity, limit, stop), look (symbol, again at what its quote has left),
    expire (what was good till now), close (the session is over), hours (regular or extended ones begin),
    method (trader, method: their shares are taken by that, those of before too),
    exit (trader, symbol, order: all of it at the market), split (symbol, new, old, in_lieu),
    dividend (symbol, amount a share)

The way of the data is that of apps/trades: services.py, review.py and filling.py.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from apps.desk.book import Book
from apps.desk.calendar import Trading
from apps.desk.commission import parse_commission
from apps.desk.fill import Fill
from apps.desk.ledger import CASH
from apps.desk.matching import Displayed, Execution, is_over, match
from apps.desk.money import ZERO, cents, plain
from apps.desk.order import LIMITS, WORKING, Effect, Order, OrderStatus, OrderType, Side, TimeInForce, check_transition
from apps.desk.position import CostMethod, Split
from apps.desk.quote import Quote
from apps.desk.risk import Accepted, Denied, affordable, check_closing, check_direction, check_opening, check_terms
from apps.desk.sessions import check_extended

from .pure_account import PureAccount
from .pure_words import STOP_PRICED, Command, moment, order_of, quote_of

LOTS = {"AAPL": Decimal(1), "FRAC": Decimal("0.001")}
STALE_MS = 15_000
HOURS = {"regular": Trading.CONTINUOUS, "extended": Trading.EXTENDED}
TRADERS = {  # USD to begin with
    "cash": {"ann": Decimal(150), "ben": Decimal(9_000)},
    "margin": {"ann": Decimal(2_000), "ben": Decimal(2_500)},
}


class PureDesk:
    def __init__(self, fees: str, kind: str = "cash") -> None:
        self.commission = parse_commission(fees)
        self.orders: dict[str, Order] = {}
        self.owners: dict[str, str] = {}
        self.reserved: dict[str, Decimal] = {}  # by order: USD for one that opens, shares for one that closes
        self.denied: list[str] = []  # order and rule
        self.books = {symbol: Book() for symbol in LOTS}
        self.quotes: dict[str, Quote] = {}
        self.left: dict[str, Displayed] = {}
        self.fills: list[Fill] = []
        self.trading = Trading.CONTINUOUS
        self.accounts = {
            trader: PureAccount(amount, LOTS, on_margin=kind == "margin") for trader, amount in TRADERS[kind].items()
        }

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
            case "exit":
                return self.exit(command, now)
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
            case "method":
                return self.accounts[command["trader"]].switch(CostMethod(command["method"]))
            case "split":
                return self.split(command, now)
            case "dividend":
                for account in self.accounts.values():
                    account.pay(command["symbol"], Decimal(command["amount"]))
                return True
        raise ValueError(f"{command['do']!r} is no command")

    # Orders

    def place(self, command: Command, now: datetime) -> bool:
        trader = command["trader"]
        order = order_of(command, self.accounts[trader].effect_of(Side(command["side"]), command["symbol"]))
        verdict = self.verdict(order, trader, now)
        if isinstance(verdict, Denied):
            return False
        self.owners[order.order_id] = trader
        self.put(order.seeing(self.quotes[order.symbol]))
        self.hold(order, verdict.reserve)
        return True

    def exit(self, command: Command, now: datetime) -> bool:
        """What waits to close it is cancelled, if the order to close all of it is taken."""
        trader, symbol = command["trader"], command["symbol"]
        held, quote = self.accounts[trader].positions[symbol].qty, self.quotes.get(symbol)
        if not held:
            return False
        side = Side.SELL if held > 0 else Side.BUY
        order = Order(command["order"], symbol, side, OrderType.MARKET, abs(held), now, effect=Effect.CLOSE)
        verdict = check_closing(order, held, ZERO, quote, now, STALE_MS)
        if isinstance(verdict, Denied):
            self.denied.append(f"{order.order_id} {verdict.rule}")
            return False
        for other in list(self.books[symbol]):
            if self.owners[other.order_id] == trader and other.side is side:
                self.end(other, OrderStatus.CANCELED)
        self.owners[order.order_id] = trader
        self.put(order)
        self.hold(order, verdict.reserve)
        return True

    def verdict(self, order: Order, trader: str, now: datetime) -> Accepted | Denied:
        verdict = self.covered(order, trader, now)
        if isinstance(verdict, Denied):
            self.denied.append(f"{order.order_id} {verdict.rule}")
        return verdict

    def covered(self, order: Order, trader: str, now: datetime) -> Accepted | Denied:
        quote, account = self.quotes.get(order.symbol), self.accounts[trader]
        if denied := check_terms(order, quote, now) or (check_extended(order) if order.extended_hours else None):
            return denied
        if not order.opens:
            held, reserved = account.positions[order.symbol].qty, account.held_back[order.symbol]
            return check_closing(replace(order, quantity=order.leaves_qty), held, reserved, quote, now, STALE_MS)
        if account.on_margin and (crossing := check_direction(order, self.opening_side(order, trader))):
            return crossing
        free = account.free(self.quotes)
        if free is None:
            return Denied("account", "equity_unknown", "A price of a position is missing")
        return check_opening(order, quote, free, self.commission, now, STALE_MS, on_margin=account.on_margin)

    def opening_side(self, order: Order, trader: str) -> Side | None:
        for other in self.books[order.symbol]:
            if other.opens and self.owners[other.order_id] == trader and other.order_id != order.order_id:
                return other.side
        return None

    def change(self, command: Command, now: datetime) -> bool:
        before = self.orders.get(command["order"])
        if before is None or before.status not in WORKING:
            return False
        limit = Decimal(command["limit"]) if before.order_type in LIMITS else None
        stop = Decimal(command["stop"]) if before.order_type in STOP_PRICED else None
        order = replace(before, quantity=Decimal(command["quantity"]), limit_price=limit, stop_price=stop)
        if order.quantity <= before.cum_qty or (before.triggered and stop != before.stop_price):
            return False
        if order == before:
            return True
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
        what, account = CASH if order.opens else order.symbol, self.accounts[self.owners[order.order_id]]
        account.held_back[what] += amount - self.reserved.get(order.order_id, ZERO)
        self.reserved[order.order_id] = amount

    def split(self, command: Command, now: datetime) -> bool:
        """Orders for the old shares end, and so does their quote."""
        split = Split(command["symbol"], command["new"], command["old"])
        for order in list(self.books[split.symbol]):
            self.end(order, OrderStatus.CANCELED)
        for account in self.accounts.values():
            account.split(split, Decimal(command["in_lieu"]), now)
        self.quotes.pop(split.symbol, None)
        self.left.pop(split.symbol, None)
        return True

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
        """Books as much as the trader can pay and cancels the rest; returns what was taken. On margin what was
        accepted is filled."""
        order, qty, lot = self.orders[execution.order_id], execution.qty, LOTS[self.orders[execution.order_id].symbol]
        account, held, leaves = (
            self.accounts[self.owners[order.order_id]],
            self.reserved[order.order_id],
            order.leaves_qty,
        )
        if order.opens and not account.on_margin:
            free = (account.free(self.quotes) or ZERO) + held
            qty = affordable(qty, execution.price, self.commission, free, lot)
        if qty < execution.qty and order.time_in_force is TimeInForce.FOK:
            qty = ZERO
        self.hold(order, ZERO)
        if qty:
            self.book(order, execution, qty, now)
        order = self.orders[order.order_id]
        if qty < execution.qty:
            self.end(order, OrderStatus.CANCELED)
        elif not order.opens:
            self.hold(order, order.leaves_qty)
        elif qty < leaves:
            share = cents(held * order.leaves_qty / leaves)
            self.hold(order, share if account.on_margin else min(share, account.free(self.quotes) or ZERO))
        return qty

    def book(self, order: Order, execution: Execution, qty: Decimal, now: datetime) -> None:
        cum = order.cum_qty + qty
        exec_id, fee = f"{order.order_id}:{plain(cum)}", self.commission.of(qty, execution.price)
        facts = order.order_id, order.symbol, order.side, qty, execution.price, fee, execution.liquidity, now
        fill = Fill(exec_id, *facts)
        self.accounts[self.owners[order.order_id]].book(fill)
        self.fills.append(fill)
        done = cum == order.quantity
        self.move(replace(order, cum_qty=cum), OrderStatus.FILLED if done else OrderStatus.PARTIALLY_FILLED)
