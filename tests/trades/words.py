"""A ticket said as a trader says it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from apps.desk.order import Side, TimeInForce
from apps.trades.models import Order
from apps.trades.ticket import Ticket
from tests.desk.build import KINDS


def ticket_of(words: str, client_order_id: str, tif: str = "day", **more: Any) -> Ticket:
    """`buy 10 AAPL`, `sell 5 AAPL limit 151.00`, `sell 5 AAPL stop 149 limit 148.50`, `sell 5 AAPL trail 2%`."""
    side, quantity, symbol, *rest = words.split()
    terms = dict(zip(rest[::2], rest[1::2], strict=True))
    trail = terms.get("trail", "")
    texts = {
        "limit_price": terms.get("limit"),
        "stop_price": terms.get("stop"),
        "trail_percent": trail.removesuffix("%") if "%" in trail else None,
        "trail_amount": None if "%" in trail else trail,
    }
    return Ticket(
        symbol=symbol,
        side=Side(side),
        order_type=KINDS[" ".join(terms)],
        quantity=Decimal(quantity),
        client_order_id=client_order_id,
        time_in_force=TimeInForce(tif),
        **{name: Decimal(text) for name, text in texts.items() if text},
        **more,
    )


def fields_of(ticket: Ticket) -> dict[str, str]:
    """The ticket as a form sends it, without its id."""
    names = ("symbol", "side", "order_type", "quantity", "limit_price", "stop_price", "trail_amount", "trail_percent")
    given = {name: getattr(ticket, name) for name in (*names, "time_in_force")}
    return {name: str(value) for name, value in given.items() if value is not None}


def now_is(order: Order) -> tuple[str, Decimal, Decimal, str]:
    """Its status, what is filled of it, what it holds back, and why it ended."""
    order.refresh_from_db()
    return order.status, order.cum_qty, order.reserved, order.reason
