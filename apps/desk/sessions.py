"""Whether an order's time in force fits the hours that its instrument keeps, and until when it is taken."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo

from .calendar import Calendar, Day
from .order import AUCTIONS, IMMEDIATE, Order, TimeInForce
from .risk import Denied

BEFORE_OPEN = timedelta(minutes=2)
BEFORE_CLOSE = timedelta(minutes=10)


def in_utc() -> tzinfo:
    return UTC


def check_hours(order: Order, calendar: Calendar, now: datetime, zone: Callable[[], tzinfo] = in_utc) -> Denied | None:
    """What waits may be placed at any hour; what must trade at once only while it is open, and what is for an open or
    a close before its cut-off. `zone` is asked where a refusal says a time."""
    tif, day = order.time_in_force, calendar.upcoming(now)
    if not calendar.has_hours:
        if tif not in AUCTIONS:
            return None
        what = "open" if tif is TimeInForce.OPG else "close"
        return Denied("time_in_force", "no_auction", f"{order.symbol} trades around the clock: it has no {what}")
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


def cut_off(tif: TimeInForce, day: Day) -> datetime:
    """From then on no order comes into the opening, or the closing, match of the session."""
    return day.opens_at - BEFORE_OPEN if tif is TimeInForce.OPG else day.closes_at - BEFORE_CLOSE


def said(moment: datetime, zone: tzinfo) -> str:
    return f"{moment.astimezone(zone):%a %-d %b %H:%M %Z}"
