"""Whether an order's time in force fits the hours that its instrument keeps, and until when it is taken."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo

from .calendar import EXTENDED_HOURS, Calendar, Day
from .order import AUCTIONS, IMMEDIATE, Order, OrderType, TimeInForce
from .risk import Denied

BEFORE_OPEN = timedelta(minutes=2)
BEFORE_CLOSE = timedelta(minutes=10)


def in_utc() -> tzinfo:
    return UTC


def check_hours(order: Order, calendar: Calendar, now: datetime, zone: Callable[[], tzinfo] = in_utc) -> Denied | None:
    """What waits may be placed at any hour; what must trade at once only while it is open, and what is for an open or
    a close before its cut-off. `zone` is asked where a refusal says a time."""
    if never := check_calendar(order, calendar):
        return never
    if not calendar.has_hours:
        return None
    tif, day = order.time_in_force, session_of(order.extended_hours, calendar, now)
    if day is None:
        return Denied("symbol", "calendar_ends", f"The calendar of {order.symbol} knows no session to come")
    if tif in IMMEDIATE and now < day.opens_at:
        return Denied(
            "time_in_force",
            "closed_for_immediate",
            f"The market is closed, so nothing can trade at once; it opens {said(day.opens_at, zone())}",
        )
    if tif in AUCTIONS and now >= (end := cut_off(tif, day)):
        return Denied(
            "time_in_force",
            "cut_off",
            f"{tif.label} was taken until {said(end, zone())}; it is taken again from {said(day.closes_at, zone())}",
        )
    return None


def check_calendar(order: Order, calendar: Calendar) -> Denied | None:
    """What can be at no hour: an open, a close or extended hours where there are none, and what trades in no extended
    hours though it asks for them."""
    clock = f"{order.symbol} trades around the clock: it has no"
    if order.time_in_force in AUCTIONS and not calendar.has_hours:
        what = "open" if order.time_in_force is TimeInForce.OPG else "close"
        return Denied("time_in_force", "no_auction", f"{clock} {what}")
    if not order.extended_hours:
        return None
    return check_extended(order) or (
        None if calendar.has_hours else Denied("extended_hours", "extended_hours", f"{clock} extended hours")
    )


def check_extended(order: Order) -> Denied | None:
    """In extended hours there may be few to trade with: only what has a limit does, and only what can wait.

    Source: Alpaca, Orders at Alpaca, Extended Hours Trading (`extended_hours` with limit orders for the day alone);
    here those that last longer may have it too.
    """
    if order.order_type is not OrderType.LIMIT:
        words = f"Extended hours are for limit orders; a {order.order_type.label.lower()} order waits for the open"
    elif order.time_in_force in IMMEDIATE | AUCTIONS:
        words = "Extended hours are for day, gtc and gtd orders"
    else:
        return None
    return Denied("extended_hours", "extended_hours", words)


def session_of(extended_hours: bool, calendar: Calendar, now: datetime) -> Day | None:
    """The session that an order placed now is for."""
    return calendar.trading_day(now) if extended_hours else calendar.upcoming(now)


def may_trade(order: Order, calendar: Calendar, now: datetime) -> bool:
    """Whether a quote of now could fill it."""
    extended = order.extended_hours and calendar.phase(now) in EXTENDED_HOURS
    return extended or calendar.running(now) is not None


def cut_off(tif: TimeInForce, day: Day) -> datetime:
    """From then on no order comes into the opening, or the closing, match of the session."""
    return day.opens_at - BEFORE_OPEN if tif is TimeInForce.OPG else day.closes_at - BEFORE_CLOSE


def said(moment: datetime, zone: tzinfo) -> str:
    return f"{moment.astimezone(zone):%a %-d %b %H:%M %Z}"
