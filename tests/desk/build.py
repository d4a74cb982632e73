"""Builders that read like the trade: `fills("buy 100 AAPL @ 10.00; sell 40 AAPL @ 12.50 fee 1.00")`."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from apps.desk.fill import Fill
from apps.desk.order import Order, OrderType, Side, TimeInForce
from apps.desk.position import CostMethod, Position, trade
from apps.desk.quote import Quote

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
FILL = re.compile(r"(buy|sell) ([\d.]+) (\S+) @ ([\d.]+)(?: fee ([\d.]+))?")
QUOTE = re.compile(r"(\S+) ([\d.]+)/([\d.]+)(?: x([\d.]+)/([\d.]+))?(?: last ([\d.]+))?")
ORDER = re.compile(r"(\S+): (buy|sell) ([\d.]+) (\S+)((?: (?:limit|stop|trail) [\d.]+%?)*)(?: (ioc|fok|gtc|opg|cls))?")

KINDS = {
    "": OrderType.MARKET,
    "limit": OrderType.LIMIT,
    "stop": OrderType.STOP,
    "stop limit": OrderType.STOP_LIMIT,
    "trail": OrderType.TRAILING_STOP,
}


def fills(text: str, start: int = 1) -> list[Fill]:
    """One fill a clause, a minute apart."""
    return [
        fill(clause.strip(), exec_id=f"x{number}", at=NOON + timedelta(minutes=number))
        for number, clause in enumerate(text.split(";"), start)
    ]


def fill(text: str, exec_id: str = "x1", at: datetime = NOON) -> Fill:
    side, qty, symbol, px, fee = matched(FILL, text)
    return Fill(
        exec_id,
        f"o-{exec_id}",
        symbol,
        Side(side),
        Decimal(qty),
        Decimal(px),
        Decimal(fee or "0"),
        "taker",
        at,
    )


def position(text: str, method: CostMethod = CostMethod.FIFO) -> Position:
    """What is held after these fills."""
    booked = fills(text)
    held = Position(booked[0].symbol)
    for each in booked:
        held = trade(held, each, method, may_short=True).position
    return held


def quote(text: str, at: datetime = NOON) -> Quote:
    """`AAPL 9.99/10.01 x300/200 last 10.00`; sizes 1000, last the bid when not said."""
    symbol, bid, ask, bid_size, ask_size, last = matched(QUOTE, text)
    prices = (
        Decimal(bid),
        Decimal(ask),
        Decimal(bid_size or 1000),
        Decimal(ask_size or 1000),
        Decimal(last or bid),
    )
    return Quote(symbol, *prices, venue_at=at, received_at=at)


def order(text: str, placed_at: datetime = NOON - timedelta(minutes=1), **more: Any) -> Order:
    """`a: buy 100 AAPL limit 10.00`, `b: sell 5 AAPL stop 9.50 limit 9.40`, `c: sell 5 AAPL trail 2%`, `… ioc`."""
    order_id, side, qty, symbol, said, tif = matched(ORDER, text)
    words = (said or "").split()
    terms = dict(zip(words[::2], words[1::2], strict=True))
    trail, percent = terms.get("trail", ""), terms.get("trail", "").endswith("%")
    prices = {
        "limit_price": terms.get("limit"),
        "stop_price": terms.get("stop"),
        "trail_percent": trail.removesuffix("%") if percent else None,
        "trail_amount": None if percent else trail,
    }
    return Order(
        order_id,
        symbol,
        Side(side),
        KINDS[" ".join(terms)],
        Decimal(qty),
        placed_at,
        time_in_force=TimeInForce(tif or "day"),
        **{name: Decimal(text) for name, text in prices.items() if text},
        **more,
    )


def matched(pattern: re.Pattern[str], text: str) -> tuple[str, ...]:
    found = pattern.fullmatch(text)
    assert found, f"{text!r} does not read like {pattern.pattern}"
    return found.groups()
