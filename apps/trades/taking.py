"""The row of an order that is taken, from what was asked for and what the rules said."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from apps.desk.order import OrderStatus
from apps.market.models import Instrument
from apps.portfolio.models import Account

from .models import Order
from .review import Review
from .ticket import Ticket


def terms_of(ticket: Ticket) -> dict[str, Any]:
    """What was asked for, as a row keeps it: of an order that is sent, and of one that is to be sent later."""
    return {
        "side": ticket.side.value,
        "order_type": ticket.order_type.value,
        "time_in_force": ticket.time_in_force.value,
        "quantity": ticket.quantity,
        "limit_price": ticket.limit_price,
        "stop_price": ticket.stop_price,
        "trail_amount": ticket.trail_amount,
        "trail_percent": ticket.trail_percent,
        "expires_at": ticket.expires_at,
        "take_profit": ticket.take_profit,
        "stop_loss": ticket.stop_loss,
        "extended_hours": ticket.extended_hours,
    }


def order_of(
    account: Account, instrument: Instrument, ticket: Ticket, told: Review, session: date | None, now: datetime
) -> Order:
    """It has its id, and nobody has it yet."""
    return Order(
        account=account,
        instrument=instrument,
        client_order_id=ticket.client_order_id,
        effect=told.effect.value,
        notional=ticket.notional,
        watermark=told.watermark,
        status=OrderStatus.NEW.value,
        session_date=session,
        asked=ticket.fingerprint,
        created_at=now,
        updated_at=now,
        **terms_of(ticket),
    )
