"""From the fields of a request to a Ticket, or to words that say what each field should be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

from apps.desk.money import plain
from apps.desk.order import AUCTIONS, IMMEDIATE, STOPS, OrderType, Side, TimeInForce

from .fields import (
    amount_of,
    beside_of,
    checked,
    client_order_id_of,
    exit_of,
    instrument_of,
    is_ticked,
    moment_of,
    named,
    percent_of,
    price_of,
    quantity_of,
    trail_of,
    word_of,
)
from .models import Order
from .notional import shares_for
from .ticket import THEN, Change, Refused, Ticket

SECOND = (
    "symbol",
    "side",
    "order_type",
    "quantity",
    "limit_price",
    "stop_price",
    "trail_amount",
    "trail_percent",
    "take_profit",
    "stop_loss",
    "time_in_force",
    "expires_at",
    "extended_hours",
)
"""What a second order takes."""
FIELDS = (
    "symbol",
    "side",
    "order_type",
    "quantity",
    "notional",
    "limit_price",
    "stop_price",
    "trail_amount",
    "trail_percent",
    "take_profit",
    "stop_loss",
    "oco_stop",
    "reduce_only",
    "extended_hours",
    "time_in_force",
    "expires_at",
    "client_order_id",
    *(THEN + name for name in SECOND),
)
CHANGEABLE = ("quantity", "limit_price", "stop_price")


def clean_ticket(data: Mapping[str, str]) -> Ticket | Refused:
    """Checks every field, so that one answer names every fault."""
    text = {name: data.get(name, "").strip() for name in FIELDS}
    errors: dict[str, str] = {}
    ticket, then = clean_one(text, errors), clean_then(text, errors)
    if then and text["oco_stop"]:
        errors.setdefault("oco_stop", "Stop of an OCO must be empty where a second order follows the first")
    return Refused(errors) if ticket is None or errors else replace(ticket, then=then)


def clean_then(text: Mapping[str, str], errors: dict[str, str]) -> Ticket | None:
    """The second order, if any of its fields has something in it: of the same symbol, at the market and for the day
    unless it says another."""
    given = {name: text[THEN + name] for name in SECOND}
    if not any(given.values()):
        return None
    defaults = {"symbol": text["symbol"], "order_type": OrderType.MARKET.value}
    own: dict[str, str] = {}
    words = {name: given.get(name) or defaults.get(name, "") for name in FIELDS}
    then = clean_one(words, own)
    if not given["symbol"] and "symbol" in own:  # the first order's, and said there
        del own["symbol"]
    errors.update({THEN + name: fault for name, fault in own.items()})
    return then


def clean_one(text: Mapping[str, str], errors: dict[str, str]) -> Ticket | None:
    """One order, or None and every fault of it among the errors."""
    field = partial(checked, text, errors)
    instrument = field("symbol", instrument_of)
    side = field("side", lambda given: word_of(Side, "Side", given))
    order_type = field("order_type", lambda given: word_of(OrderType, "Order type", given))
    tif = field("time_in_force", lambda given: word_of(TimeInForce, "Time in force", given or TimeInForce.DAY.value))
    limit = field("limit_price", lambda given: price_of("limit_price", given, order_type, instrument))
    stop = field("stop_price", lambda given: price_of("stop_price", given, order_type, instrument))
    amount = field("notional", lambda given: amount_of(given, text["quantity"]))
    if not text["notional"]:
        quantity = field("quantity", lambda given: quantity_of(given, instrument))
    elif amount and instrument and side:
        quantity = field("notional", lambda given: shares_for(amount, instrument, side, limit or stop))
    else:
        quantity = None
    trail = field("trail_amount", lambda given: trail_of(given, text["trail_percent"], order_type, instrument))
    percent = field("trail_percent", lambda given: percent_of(given, order_type))
    expires_at = field("expires_at", lambda given: moment_of(given, tif))
    profit = field("take_profit", lambda given: exit_of("take_profit", given, instrument))
    loss = field("stop_loss", lambda given: exit_of("stop_loss", given, instrument))
    beside = field("oco_stop", lambda given: beside_of(given, order_type, tif, instrument))
    reduce_only, extended = (field(name, partial(is_ticked, name)) for name in ("reduce_only", "extended_hours"))
    client_order_id = field("client_order_id", client_order_id_of)
    if order_type in STOPS and tif in IMMEDIATE | AUCTIONS:
        errors["time_in_force"] = f"Time in force must be day, gtc or gtd for a {named(order_type)} order"
    if not (instrument and side and order_type and tif and quantity and client_order_id) or errors:
        return None
    return Ticket(
        instrument.symbol,
        side,
        order_type,
        quantity,
        client_order_id,
        limit,
        stop,
        tif,
        trail_amount=trail,
        trail_percent=percent,
        expires_at=expires_at,
        take_profit=profit,
        stop_loss=loss,
        notional=amount,
        oco_stop=beside,
        reduce_only=bool(reduce_only),
        extended_hours=bool(extended),
        instrument=instrument,
    )


def changeable(order: Order, data: Mapping[str, str]) -> dict[str, str]:
    """What was typed, and where nothing was, what the order has."""
    has = {name: getattr(order, name) for name in CHANGEABLE}
    return {name: data.get(name, "").strip() or ("" if own is None else plain(own)) for name, own in has.items()}


def clean_change(order: Order, data: Mapping[str, str]) -> Change | Refused:
    """What a field does not say stays as it is; a field that the order's type does not take must be empty."""
    text = changeable(order, data)
    order_type, instrument = OrderType(order.order_type), order.instrument
    errors: dict[str, str] = {}
    field = partial(checked, text, errors)
    quantity = field("quantity", lambda given: quantity_of(given, instrument))
    limit = field("limit_price", lambda given: price_of("limit_price", given, order_type, instrument))
    stop = field("stop_price", lambda given: price_of("stop_price", given, order_type, instrument))
    return Refused(errors) if errors or quantity is None else Change(quantity, limit, stop)
