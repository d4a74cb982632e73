"""One field of a request, read: its value, or in words what it should be."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import TypeVar

from apps.desk.currency import BASE
from apps.desk.instrument import symbol_of
from apps.desk.money import decimal_of, plain
from apps.desk.order import AUCTIONS, IMMEDIATE, OrderType, TimeInForce, Word
from apps.market import queries as market
from apps.market.models import Instrument

from .notional import check_amount

TAKES = {
    OrderType.LIMIT: {"limit_price"},
    OrderType.STOP: {"stop_price"},
    OrderType.STOP_LIMIT: {"stop_price", "limit_price"},
    OrderType.TRAILING_STOP: {"trail_amount", "trail_percent"},
}
MOST_SHARES = Decimal(1_000_000)
MOST_PRICE = Decimal(1_000_000)
MOST_AMOUNT = Decimal(1_000_000_000)
MOST_PERCENT = Decimal(50)
STEP_OF_PERCENT = Decimal("0.01")
PLAIN_NUMBER = re.compile(r"[+-]?[0-9]{1,18}(\.[0-9]{1,18})?")
LONG_NUMBER = re.compile(r"[+-]?(?=[0-9.]*[0-9]{19})[0-9]+(\.[0-9]+)?")
CLIENT_ORDER_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}")

T = TypeVar("T")
W = TypeVar("W", bound=Word)


def checked(text: Mapping[str, str], errors: dict[str, str], name: str, read: Callable[[str], T]) -> T | None:
    """The field's value, or None and its fault among the errors."""
    try:
        return read(text[name])
    except ValueError as error:
        errors[name] = str(error)
        return None


def instrument_of(text: str) -> Instrument:
    if not text:
        raise ValueError("Symbol is required, such as AAPL")
    try:
        instrument = market.instrument(symbol_of(text))
    except (ValueError, Instrument.DoesNotExist):
        raise ValueError(f"Symbol {text[:32]} is not known here: choose one from the search") from None
    if not instrument.tradable:
        raise ValueError(f"{instrument.symbol} cannot be traded at present")
    return instrument


def word_of(words: type[W], label: str, text: str) -> W:
    try:
        return words(text.lower())
    except ValueError:
        *most, last = [word.value for word in words]
        raise ValueError(f"{label} must be {', '.join(most)} or {last}") from None


def quantity_of(text: str, instrument: Instrument | None) -> Decimal:
    lot = instrument.lot_size if instrument else None
    quantity = number_of("Quantity", text, "10", MOST_SHARES)
    if lot and quantity % lot:
        what = "a whole number of shares" if lot == 1 else f"a multiple of {plain(lot)}"
        raise ValueError(f"Quantity must be {what}")
    return quantity


def amount_of(text: str, quantity: str) -> Decimal | None:
    """USD; None where the order is by quantity."""
    return check_amount(number_of("Amount", text, "500.00", MOST_AMOUNT), quantity) if text else None


def price_of(field: str, text: str, order_type: OrderType | None, instrument: Instrument | None) -> Decimal | None:
    label = label_of(field)
    if is_not_taken(field, text, order_type):
        return None
    if not text:
        raise ValueError(f"{label} is required for a {named(order_type)} order")
    return on_tick(label, number_of(label, text, "150.25", MOST_PRICE), instrument)


def trail_of(text: str, percent: str, order_type: OrderType | None, instrument: Instrument | None) -> Decimal | None:
    """How far a trailing stop keeps from the best price."""
    if is_not_taken("trail_amount", text, order_type):
        return None
    if not text and not percent:
        currency = instrument.currency if instrument else BASE
        what = f"an amount in {currency}, such as 1.50, or per cent"
        raise ValueError(f"Trail is required for a trailing stop order: {what}")
    if text and percent:
        raise ValueError("Trail must be an amount or per cent, not both")
    return on_tick("Trail amount", number_of("Trail amount", text, "1.50", MOST_PRICE), instrument) if text else None


def percent_of(text: str, order_type: OrderType | None) -> Decimal | None:
    """The same in per cent of the best price."""
    if is_not_taken("trail_percent", text, order_type) or not text:
        return None
    percent = number_of("Trail percent", text, "2.5", MOST_PERCENT)
    if percent % STEP_OF_PERCENT:
        raise ValueError(f"Trail percent must be a multiple of {plain(STEP_OF_PERCENT)}")
    return percent


def exit_of(field: str, text: str, instrument: Instrument | None) -> Decimal | None:
    """The price of an exit of what the order opens."""
    label = label_of(field)
    return on_tick(label, number_of(label, text, "165.00", MOST_PRICE), instrument) if text else None


def is_ticked(field: str, text: str) -> bool:
    if text not in ("", "on", "true", "false"):
        raise ValueError(f"{label_of(field)} must be on, or empty")
    return text in ("on", "true")


def beside_of(
    text: str, order_type: OrderType | None, tif: TimeInForce | None, instrument: Instrument | None
) -> Decimal | None:
    """The price of the stop beside an exit at a limit, one of which cancels the other."""
    if not text:
        return None
    if order_type is not OrderType.LIMIT or tif in IMMEDIATE | AUCTIONS:
        raise ValueError("Stop of an OCO goes with a day, gtc or gtd order at a limit; leave it empty")
    return on_tick("Stop", number_of("Stop", text, "145.00", MOST_PRICE), instrument)


def is_not_taken(field: str, text: str, order_type: OrderType | None) -> bool:
    """Raises ValueError where it is given all the same."""
    if order_type and field not in TAKES.get(order_type, ()):
        if text:
            raise ValueError(f"{label_of(field)} must be empty: a {named(order_type)} order takes none")
        return True
    return not text and not order_type


def on_tick(label: str, price: Decimal, instrument: Instrument | None) -> Decimal:
    if instrument and price % instrument.tick_size:
        raise ValueError(f"{label} must be a multiple of {plain(instrument.tick_size)}")
    return price


def moment_of(text: str, tif: TimeInForce | None) -> datetime | None:
    """A moment in ISO 8601; without a zone it is UTC, as every time on the screen."""
    if tif is not TimeInForce.GTD:
        if text and tif:
            raise ValueError(f"Good till must be empty: {tif.label.lower()} has its own end")
        return None
    if not text:
        raise ValueError("Good till is required for a good till date order, such as 2030-01-31T16:00")
    try:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise ValueError("Good till must be a date and time, such as 2030-01-31T16:00") from None


def label_of(field: str) -> str:
    return field.replace("_", " ").capitalize()


def named(order_type: OrderType | None) -> str:
    """As it stands in a sentence."""
    return order_type.label.lower() if order_type else ""


def number_of(label: str, text: str, example: str, most: Decimal) -> Decimal:
    """Digits and a point only: no exponent, no NaN, no thousands separators."""
    if not text:
        raise ValueError(f"{label} is required, such as {example}")
    if LONG_NUMBER.fullmatch(text):
        raise ValueError(f"{label} must have 18 digits at most before and after the point")
    if not PLAIN_NUMBER.fullmatch(text):
        raise ValueError(f"{label} must be a plain number, such as {example}")
    number = decimal_of(text)
    if number <= 0:
        raise ValueError(f"{label} must be more than 0")
    if number > most:
        raise ValueError(f"{label} must be at most {most:,}")
    return number.normalize() if number != number.to_integral_value() else number.quantize(Decimal(1))


def client_order_id_of(text: str) -> str:
    if text and not CLIENT_ORDER_ID.fullmatch(text):
        raise ValueError("Client order id must be 1 to 64 letters, digits or . _ : - and start with a letter or digit")
    return text or str(uuid.uuid4())
