"""All that a pure desk knows, as texts and whole seconds: to be compared."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from apps.desk.fill import Fill
from apps.desk.matching import Displayed
from apps.desk.money import plain
from apps.desk.order import Order
from apps.desk.position import Lot
from apps.desk.quote import Quote

from .build import NOON
from .pure import PureDesk

State = dict[str, Any]


def state_of(desk: PureDesk) -> State:
    return {
        "orders": {
            key: {**order_facts(order), "trader": desk.owners[key], "reserved": plain(desk.reserved[key])}
            for key, order in desk.orders.items()
        },
        "fills": [fill_facts(fill) for fill in desk.fills],
        "positions": {
            f"{trader}/{symbol}": [lot_facts(lot) for lot in held.lots]
            for (trader, symbol), held in desk.positions.items()
        },
        "ledger": {
            trader: {book: plain(amount) for book, amount in books.items()} for trader, books in desk.ledger.items()
        },
        "quotes": {symbol: quote_facts(quote, desk.left[symbol]) for symbol, quote in desk.quotes.items()},
    }


def order_facts(order: Order) -> State:
    return {
        "symbol": order.symbol,
        "side": order.side.value,
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
        "cost": plain(lot.cost),
        "px": plain(lot.price),
        "at": seconds(lot.opened_at),
    }


def quote_facts(quote: Quote, left: Displayed) -> State:
    return {
        "bid": plain(quote.bid),
        "ask": plain(quote.ask),
        "at": seconds(quote.received_at),
        "bid_left": plain(left.bid_size),
        "ask_left": plain(left.ask_size),
    }


def seconds(at: datetime) -> int:
    return int((at - NOON).total_seconds())


def text(value: Decimal | None) -> str | None:
    return None if value is None else plain(value)
