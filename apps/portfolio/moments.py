"""As of when a receipt is asked for, and why there may be none."""

from __future__ import annotations

from datetime import UTC, date, datetime

from django.utils.dateparse import parse_date, parse_datetime

from .models import Account, SessionEquity
from .sessions import closes_of

ISO = "%Y-%m-%dT%H:%M:%SZ"


class NoReceipt(Exception):
    """Why a figure has no receipt as asked; `field` is what is wrong with the question, "" for nothing."""

    def __init__(self, words: str, field: str = "") -> None:
        super().__init__(words)
        self.words, self.field = words, field


def moment_of(text: str, now: datetime, what: str = "a date and a time in UTC, as") -> datetime:
    """A moment without a zone is UTC, as every time on the desk. Raises NoReceipt for what is none, or is to come."""
    try:
        at = parse_datetime(text)
        at = at and (at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC))
    except (ValueError, OverflowError):
        at = None
    if at is None:
        raise NoReceipt(f"As of is {what} {now.strftime(ISO)}", "at")
    if at > now:
        raise NoReceipt(f"As of is not to be later than now, {now.strftime(ISO)}", "at")
    return at


def day_of(text: str) -> date | None:
    try:
        return parse_date(text)
    except ValueError:
        return None


def ends_of(account: Account) -> tuple[SessionEquity, SessionEquity] | None:
    """The account's first and newest close; None before the first."""
    closes = closes_of(account)
    first, newest = closes.first(), closes.last()
    return (first, newest) if first and newest else None


def close_asked(text: str, account: Account, now: datetime) -> SessionEquity:
    """The newest close by a day or a moment, which no later one can change. Raises NoReceipt where there is none, or
    where it is not over yet which it is."""
    day = day_of(text)
    at = None if day else moment_of(text, now, f"a day or a time in UTC, as {now:%Y-%m-%d} or")
    if (ends := ends_of(account)) is None:
        raise NoReceipt("No session of your account has closed yet; before the first close there is no past", "at")
    first, newest = ends
    closes = closes_of(account)
    found = closes.filter(at__lte=at) if at else closes.filter(session_date__lte=day)
    if day and day > newest.session_date:
        raise NoReceipt(f"The newest session that has closed is that of {newest.session_date:%Y-%m-%d}", "at")
    if (close := found.last()) is None:
        begin = f"{first.session_date:%Y-%m-%d}, closed at {first.at.strftime(ISO)}"
        raise NoReceipt(f"Your first session on record is that of {begin}", "at")
    return close
