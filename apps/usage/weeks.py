"""Weeks go by the Monday they begin on, hours by their first moment."""

from __future__ import annotations

from datetime import date, datetime, timedelta


def week_of(day: date) -> date:
    """The Monday of that day's week."""
    return day - timedelta(days=day.weekday())


def hour_of(moment: datetime) -> datetime:
    """When that moment's hour began."""
    return moment.replace(minute=0, second=0, microsecond=0)
