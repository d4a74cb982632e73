"""The ticket as the screen shows it: what was typed, what is wrong with it, and what it would cost."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal

from apps.desk.currency import BASE
from apps.desk.order import AUCTIONS, Effect, OrderType, Side, TimeInForce
from apps.desk.risk import Denied
from apps.market.quotes import board
from apps.portfolio.borrowing import borrow_rate_of
from apps.portfolio.models import Account

from .forms import FIELDS, clean_ticket
from .models import Order, verb_of
from .review import Review, review
from .ticket import THEN, Refused

DEFAULTS = {
    "side": Side.BUY.value,
    "order_type": OrderType.MARKET.value,
    "time_in_force": TimeInForce.DAY.value,
}
KEPT_AFTER_SENDING = ("symbol", "side", "order_type", "time_in_force")


@dataclass(frozen=True)
class TicketScreen:
    """`order` is what the last send made; `review` what the typed one would cost, `refusal` why not."""

    values: Mapping[str, str]
    errors: Mapping[str, str] = field(default_factory=dict)
    order: Order | None = None
    review: Review | None = None
    refusal: str = ""
    shares: Decimal | None = None
    """What the amount comes to, where the order is by amount."""
    on_margin: bool = False
    borrow_rate: Decimal | None = None
    """What the shares of a short sale cost, per cent a year."""
    called: str = ""
    """What the typed symbol is called now, where it was a former one."""
    sides = list(Side)
    types = list(OrderType)

    @property
    def currency(self) -> str:
        """What the typed symbol's prices are in."""
        row = board.instruments.get(self.values.get("symbol", "").upper())
        return row.currency if row else BASE

    @property
    def times(self) -> list[TimeInForce]:
        """Where nothing opens or closes nobody is offered an open or a close."""
        return [time for time in TimeInForce if time not in AUCTIONS or board.hours]

    @property
    def has_hours(self) -> bool:
        """Whether anything keeps hours, so that there are extended ones."""
        return bool(board.hours)

    @property
    def has_then(self) -> bool:
        """Whether something was typed of a second order."""
        return any(text for name, text in self.values.items() if name.startswith(THEN))

    @property
    def effect_in_words(self) -> str:
        """Buy, Sell, Sell short or Buy to cover."""
        return verb_of(self.values["side"], self.review.effect is Effect.OPEN) if self.review else ""


def is_on_margin(account: Account | None) -> bool:
    return account is not None and account.on_margin


def typed(data: Mapping[str, str]) -> dict[str, str]:
    given = {name: data.get(name, "").strip() for name in FIELDS}
    return {**given, **{name: given[name] or default for name, default in DEFAULTS.items()}}


def blank_ticket(data: Mapping[str, str], account: Account | None) -> TicketScreen:
    """A ticket with a new client order id, filled in as far as `data` says."""
    return TicketScreen({**typed(data), "client_order_id": str(uuid.uuid4())}, on_margin=is_on_margin(account))


def sent_ticket(data: Mapping[str, str], order: Order) -> TicketScreen:
    """The ticket after an accepted order: ready for the next one, with a new id."""
    kept = {name: data.get(name, "") for name in KEPT_AFTER_SENDING} | {"symbol": order.instrument.symbol}
    return replace(blank_ticket(kept, order.account), order=order)


def refused_ticket(data: Mapping[str, str], errors: Mapping[str, str], account: Account | None) -> TicketScreen:
    """The ticket as it was typed. Its id stays, so that a retry is one, unless the id itself is at fault."""
    values = typed(data)
    if "client_order_id" in errors or not values["client_order_id"]:
        values["client_order_id"] = str(uuid.uuid4())
    return TicketScreen(values, errors, on_margin=is_on_margin(account))


def estimated_ticket(data: Mapping[str, str], account: Account | None, now: datetime) -> TicketScreen:
    """What the typed order would cost, or the first fault of a field that has something in it."""
    values = typed(data)
    if not values["symbol"] or not (values["quantity"] or values["notional"]) or account is None:
        return TicketScreen(values, on_margin=is_on_margin(account))
    ticket = clean_ticket(values)
    if isinstance(ticket, Refused):
        fault = next((words for name, words in ticket.errors.items() if values[name]), "")
        return TicketScreen(values, refusal=fault, on_margin=account.on_margin)
    told = review(account, ticket, now)
    return TicketScreen(
        values,
        review=told,
        refusal=told.verdict.message if isinstance(told.verdict, Denied) else "",
        shares=ticket.quantity if ticket.notional else None,
        on_margin=account.on_margin,
        borrow_rate=borrow_rate_of(ticket.symbol) if told.effect is Effect.OPEN and ticket.side is Side.SELL else None,
        called=ticket.symbol if ticket.symbol != values["symbol"].upper() else "",
    )
