"""What an account owes its lender: interest on borrowed cash, and a fee for each share that was borrowed and sold."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import NamedTuple

from django.conf import settings

from apps.desk.margin import borrow_fee, interest
from apps.desk.money import plain
from apps.desk.valuation import value_position
from apps.market.hours import calendar_named
from apps.market.models import Instrument
from apps.market.queries import last_minute_each
from apps.market.quotes import board

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
    """What the shares were worth (USD) at the last close before the day `until`, and at which price. While no minute
    of these shares up to then is on record the desk's own mark counts, and without one what they fetched."""
    price = close_before(row.instrument, until)
    if price is None:
        quote = board.latest(row.instrument.symbol)
        price = quote.mark if quote else None
    if price is None:
        return abs(row.cost), "cost"
    return abs(value_position(row.quantity, row.cost, price)[0]), plain(price)


def close_before(instrument: Instrument, until: date) -> Decimal | None:
    """None also where the last minute is of shares that have been split since."""
    midnight = datetime.combine(until, time(tzinfo=UTC))
    day = calendar_named(instrument.calendar).ended(midnight)
    minute = next(iter(last_minute_each([instrument.symbol], day.closes_at if day else midnight)), None)
    splits = CorporateAction.objects.filter(instrument=instrument, kind=CorporateAction.Kind.SPLIT)
    if minute is None or splits.filter(applied_at__gt=minute.start).exists():
        return None
    return minute.close
