"""What an account owes its lender: interest on borrowed cash, and a fee for each share that was borrowed and sold."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import NamedTuple

from django.conf import settings

from apps.desk.currency import BASE, ONE, pair_of, pairs_of, rate_at
from apps.desk.margin import borrow_fee, interest
from apps.desk.money import plain
from apps.desk.valuation import value_position
from apps.market.hours import calendar_named
from apps.market.models import Instrument
from apps.market.queries import last_minute_each
from apps.market.quotes import board
from apps.market.rates import rate_now

from .corporate import at_rate
from .models import Account, CorporateAction, Position

HUNDRED = Decimal(100)


class Owed(NamedTuple):
    """One booking to be: `kind`, and what it is of where it is of one instrument."""

    kind: str
    ref: str
    cost: Decimal
    memo: str
    instrument: Instrument | None = None


def owed_by(account: Account, since: date, until: date) -> list[Owed]:
    """What is not nothing of the days in between."""
    found = [interest_of(account, since, until), *fees_of(account, since, until)]
    return [each for each in found if each.cost]


def interest_of(account: Account, since: date, until: date) -> Owed:
    rate = settings.MARGIN_RATE_BPS / HUNDRED
    words = f"{plain(rate)} % a year on {-account.cash:,.2f} USD borrowed, to {until:%-d %b %Y}"
    cost = interest(account.cash, rate, since, until)
    return Owed("interest", f"interest:{account.pk}:{until}", cost, words)


def fees_of(account: Account, since: date, until: date) -> Iterator[Owed]:
    """One for each symbol that is sold short."""
    shorts = Position.objects.filter(account=account, quantity__lt=0).select_related("instrument")
    for row in shorts.order_by("instrument__symbol"):
        instrument, rate = row.instrument, rate_of(row.instrument)
        value, price = owed_at_close(row, until)
        what = f"{plain(-row.quantity)} {instrument.symbol} at {price}"
        words = f"{plain(rate)} % a year on {value:,.2f} USD sold short, {what}, to {until:%-d %b %Y}"
        ref = f"borrow:{account.pk}:{instrument.pk}:{until}"
        yield Owed("borrow_fee", ref, borrow_fee(value, rate, since, until), words, instrument)


def rate_of(instrument: Instrument) -> Decimal:
    """Per cent a year: its own, or the setting's."""
    own: Decimal | None = instrument.borrow_rate
    return settings.BORROW_RATE_BPS / HUNDRED if own is None else own


def borrow_rate_of(symbol: str) -> Decimal:
    return rate_of(Instrument.objects.get(symbol=symbol))


def owed_at_close(row: Position, until: date) -> tuple[Decimal, str]:
    """What the shares were worth (USD) at the last close before the day `until`, and at which price and rate. While no
    minute of these shares, or of what converts them, up to then is on record the desk's own mark counts, and without
    one what they fetched."""
    instrument, at = row.instrument, closed_at(row.instrument, until)
    price, rate = close_before(instrument, at), rate_before(instrument.currency, at)
    if price is None:
        quote = board.latest(instrument.symbol)
        price = quote.mark if quote else None
    if price is None or rate is None:
        return abs(row.cost), "cost"
    value, _ = value_position(row.quantity, row.cost, price, rate)
    return abs(value), plain(price) + at_rate(instrument.currency, rate)


def closed_at(instrument: Instrument, until: date) -> datetime:
    midnight = datetime.combine(until, time(tzinfo=UTC))
    day = calendar_named(instrument.calendar).ended(midnight)
    return day.closes_at if day else midnight


def rate_before(currency: str, at: datetime) -> Decimal | None:
    """USD a unit at that moment, else now."""
    if currency == BASE:
        return ONE
    closes = {minute.symbol: minute.close for minute in last_minute_each(pairs_of(currency), at)}
    pair = pair_of(currency, closes)
    return rate_at(pair, closes[pair]) if pair in closes else rate_now(currency).usd


def close_before(instrument: Instrument, at: datetime) -> Decimal | None:
    """None also where the last minute is of shares that have been split since."""
    minute = next(iter(last_minute_each([instrument.symbol], at)), None)
    splits = CorporateAction.objects.filter(instrument=instrument, kind=CorporateAction.Kind.SPLIT)
    if minute is None or splits.filter(applied_at__gt=minute.start).exists():
        return None
    return minute.close
