"""An alert in words: what it waits for, what happened, when that was and when it was told."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from apps.desk.currency import BASE
from apps.desk.money import ZERO, cents, plain
from apps.desk.order import Side
from apps.market.templatetags.figures import unit

from .models import OF_ORDERS, OF_PNL, Kind, TraderAlert

NO_DIRECT = (
    "Discord lets the desk's bot write to you no more, so alerts are told on the page only. Be on a server that the "
    "bot is on too, allow direct messages from its members, then choose direct messages again."
)
NO_WEBHOOK = (
    "Discord has no such webhook any more, so alerts are told on the page only. Make a new one in the channel's "
    "settings (Integrations, Webhooks), type its address here, then choose Discord webhook again."
)
AT_ONCE = timedelta(seconds=10)
"""Told so soon after it happened, one time says both."""


def price(value: Decimal | None) -> str:
    """Two decimals or more: 150.00, 0.0123."""
    if value is None:
        return "–"
    written = plain(value)
    return f"{value:,.2f}" if len(written.partition(".")[2]) <= 2 else written


def price_of(alert: TraderAlert, value: Decimal | None) -> str:
    """With its currency where that is not USD."""
    return price(value) + unit(alert.instrument.currency if alert.instrument else BASE)


def usd(value: Decimal | None) -> str:
    """A sum with its sign, as traders write it."""
    if value is None:
        return "–"
    sign = "−" if value < ZERO else "+"
    return f"{sign}{abs(cents(value)):,.2f} USD"


def waits_for(alert: TraderAlert) -> str:
    """ "AAPL at or above 150.00"."""
    kind, symbol = Kind(alert.kind), alert.symbol
    level = alert.threshold
    if kind is Kind.PERCENT_MOVE:
        return f"{symbol} moves by {plain(level or ZERO)} % from {price_of(alert, alert.base)}"
    if kind in OF_PNL:
        return f"Day P&L at or {'above' if kind is Kind.PNL_ABOVE else 'below'} {usd(level)}"
    if kind in OF_ORDERS:
        done = kind.label.removeprefix("Order ")
        return f"An order of {symbol} is {done}" if symbol else f"Any order is {done}"
    return f"{symbol} at or {'above' if kind is Kind.PRICE_ABOVE else 'below'} {price_of(alert, level)}"


def what_happened(alert: TraderAlert) -> str:
    """ "AAPL at or above 150.00: it was 150.02"."""
    if alert.kind in OF_ORDERS:
        return alert.happened
    value = usd(alert.value) if alert.kind in OF_PNL else price_of(alert, alert.value)
    return f"{waits_for(alert)}: it was {value}"


def when(alert: TraderAlert, zone: str = "UTC") -> str:
    """ "crossed between 10:31:00 and 10:32:00, told 10:55:10 UTC"; one time where they are one."""
    crossed, told = alert.crossed_at, alert.told_at
    if crossed is None or told is None:
        return ""
    verb = "happened" if alert.kind in OF_ORDERS else "crossed"
    if alert.crossed_after is not None:
        first = clock(alert.crossed_after, told, zone)
        said = f"{verb} between {first} and {clock(crossed, told, zone)}"
    elif told - crossed <= AT_ONCE:
        return f"{verb} {clock(crossed, crossed, zone)} {zone}"
    else:
        said = f"{verb} {clock(crossed, told, zone)}"
    return f"{said}, told {clock(told, told, zone)} {zone}"


def clock(moment: datetime, beside: datetime, zone: str) -> str:
    """With the date where it is another one than that of the moment beside it."""
    local, other = moment.astimezone(ZoneInfo(zone)), beside.astimezone(ZoneInfo(zone))
    return f"{local:%H:%M:%S}" if local.date() == other.date() else f"{local:%-d %b %H:%M:%S}"


def line_of(alert: TraderAlert) -> str:
    """The whole of it in one line, for the address, in the trader's own time."""
    note = f" – {alert.note}" if alert.note else ""
    return f"{what_happened(alert)}, {when(alert, alert.user.time_zone)}{note}"


def order_words(what: str, facts: Mapping[str, str]) -> str:
    """ "Buy 10 AAPL filled at 150.01"."""
    side = "Buy" if facts.get("side") == Side.BUY else "Sell"
    done = "cancelled" if what == "canceled" else what
    at = (
        f" at {price(Decimal(facts['avg_px']))}{unit(facts.get('currency', ''))}"
        if what == "filled" and facts.get("avg_px")
        else ""
    )
    quantity = f"{facts['quantity']} " if facts.get("quantity") else ""
    return f"{side} {quantity}{facts.get('symbol', '')} {done}{at}"[:120]
