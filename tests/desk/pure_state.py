"""All that a pure desk knows, as texts and whole seconds: to be compared."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from apps.desk.fill import Fill
from apps.desk.margin import Margin
from apps.desk.matching import Displayed
from apps.desk.money import ZERO, plain
from apps.desk.order import Order
from apps.desk.position import Lot
from apps.desk.quote import Quote

from .build import NOON
from .pure import PureDesk
from .pure_account import PureAccount

State = dict[str, Any]


def state_of(desk: PureDesk) -> State:
    return {
        "orders": {
            key: {**order_facts(order), "trader": desk.owners[key], "reserved": plain(desk.reserved[key])}
            for key, order in desk.orders.items()
        },
        "fills": [fill_facts(fill) for fill in desk.fills],
        "denied": desk.denied,
        "accounts": accounts_of(desk),
        "quotes": {symbol: quote_facts(quote, desk.left[symbol]) for symbol, quote in desk.quotes.items()},
    }


def accounts_of(desk: PureDesk) -> State:
    return {trader: account_facts(account, desk.quotes) for trader, account in desk.accounts.items()}


def account_facts(account: PureAccount, quotes: dict[str, Quote]) -> State:
    return {
        "method": account.method.value,
        "lots": {symbol: [lot_facts(lot) for lot in held.lots] for symbol, held in account.positions.items()},
        "realized": {symbol: plain(amount) for symbol, amount in account.realized.items()},
        "ledger": {book: plain(amount) for book, amount in account.ledger.items()},
        "margin": figures(account.margin(quotes) if account.on_margin else None),
    }


def figures(margin: Margin | None) -> State | None:
    """None for a cash account, and while a price is missing."""
    if margin is None:
        return None
    names = ("equity", "initial", "maintenance", "reserved", "excess", "buying_power")
    return {**{name: plain(getattr(margin, name)) for name in names}, "is_called": margin.is_called}


def order_facts(order: Order) -> State:
    return {
        "symbol": order.symbol,
        "side": order.side.value,
        "effect": "open" if order.opens else "close",
        "type": order.order_type.value,
        "tif": order.time_in_force.value,
        "quantity": plain(order.quantity),
        "placed_at": seconds(order.placed_at),
        "limit": text(order.limit_price),
        "stop": text(order.stop_price),
        "trail": text(order.trail_amount) or (text(order.trail_percent) and f"{text(order.trail_percent)}%"),
        "till": None if order.expires_at is None else seconds(order.expires_at),
        "status": order.status.value,
        "cum": plain(order.cum_qty),
        "elected": order.triggered,
        "watermark": text(order.watermark),
    }


def fill_facts(fill: Fill) -> State:
    return {
        "id": fill.exec_id,
        "order": fill.order_id,
        "symbol": fill.symbol,
        "side": fill.side.value,
        "qty": plain(fill.last_qty),
        "px": plain(fill.last_px),
        "fee": plain(fill.commission),
        "liquidity": fill.liquidity,
        "at": seconds(fill.at),
    }


def lot_facts(lot: Lot) -> State:
    return {
        "id": lot.exec_id,
        "qty": plain(lot.qty),
        "cost": plain(lot.cost + ZERO),  # a short lot of less than a cent costs -0
        "px": plain(lot.price),
        "at": seconds(lot.opened_at),
    }


def quote_facts(quote: Quote, left: Displayed) -> State:
    return {
        "bid": plain(quote.bid),
        "ask": plain(quote.ask),
        "last": plain(quote.last),
        "at": seconds(quote.received_at),
        "bid_left": plain(left.bid_size),
        "ask_left": plain(left.ask_size),
    }


def seconds(at: datetime) -> int:
    return int((at - NOON).total_seconds())


def text(value: Decimal | None) -> str | None:
    return None if value is None else plain(value)
