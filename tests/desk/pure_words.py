"""What a command says, as the desk's own orders, quotes and times."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from apps.desk.order import LIMITS, Effect, Order, OrderType, Side, TimeInForce
from apps.desk.quote import Quote

from .build import NOON

Command = dict[str, Any]
STOP_PRICED = {OrderType.STOP, OrderType.STOP_LIMIT}


def moment(seconds: int) -> datetime:
    return NOON + timedelta(seconds=seconds)


def quote_of(said: Command) -> Quote:
    prices = [Decimal(said[name]) for name in ("bid", "ask", "bid_size", "ask_size", "last")]
    return Quote(said["symbol"], *prices, *[moment(said["at"] - said["age"])] * 2)


def order_of(said: Command, effect: Effect | None) -> Order:
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
        effect=effect,
        extended_hours=said.get("extended", False),
    )
