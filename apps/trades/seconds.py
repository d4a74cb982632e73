"""What the desk does each second, beside matching: to orders, and to the books when a session has ended."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal

from apps.market.feeds import Feed
from apps.market.hours import calendar_named
from apps.market.queries import has_ended, market_state
from apps.portfolio.services import keep_session_equity
from apps.telemetry.logs import bound

from .services import expire_dated_orders, expire_day_orders, trail


def keep_trails(watermarks: Mapping[str, Decimal]) -> None:
    """Writes down what trailing stops have seen, by order id."""
    for order_id, watermark in watermarks.items():
        with bound(order=order_id):
            trail(uuid.UUID(order_id), watermark)


def expire_orders(now: datetime) -> int:
    """Dated orders end at their moment, day orders with their session: when it closes, those for extended hours with
    these, and at the latest when the next one is on. Says how many have ended."""
    expired, state = expire_dated_orders(now), market_state()
    hours = calendar_named(state.calendar)
    if hours.has_hours and (day := hours.ended(now)):
        expired += expire_day_orders(day.date, now, hours)
    if hours.has_hours and (day := hours.over(now)):
        expired += expire_day_orders(day.date, now, hours, extended_hours=True)
    if state.session_date is None:
        return expired
    over = state.session_date - timedelta(days=1) if state.is_open else state.session_date
    return expired + expire_day_orders(over, now)


def close_ended(feed: Feed, now: datetime) -> int:
    """Keeps what accounts were worth once the session on record has ended, before the next one takes its place."""
    return keep_session_equity(now) if has_ended(market_state(), feed.clock(), feed.session()) else 0


def close_left(feed: Feed, now: datetime) -> int:
    """The same for a session that ended while no desk ran, before the feed has begun: at the last quotes on record."""
    return keep_session_equity(now) if has_ended(market_state(), feed.clock()) else 0
