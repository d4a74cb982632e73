"""What the day of each position counted from at a moment of the past, and what was traded in it by then."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

from django.db.models import Q, Sum

from apps.desk import ledger as books
from apps.desk.currency import rate_at
from apps.desk.money import ZERO
from apps.market.days import PastDay, days_at
from apps.market.models import Instrument

from .models import LedgerEntry
from .queries import within_day


class HeldDay(NamedTuple):
    """As in a `Holding`."""

    previous_close: Decimal | None = None
    traded: Decimal = ZERO
    cash_flow: Decimal = ZERO
    previous_rate: Decimal | None = None
    day_known: bool = False


def past_days(
    account_id: int, held: Sequence[Instrument], pairs: Mapping[str, str], at: datetime
) -> dict[int, HeldDay]:
    """Of every instrument, with what converts each currency; five queries, and one more where some are in others."""
    abroad = {pair: currency for currency, pair in pairs.items() if pair}
    named = dict(Instrument.objects.filter(symbol__in=abroad).values_list("pk", "symbol")) if abroad else {}
    days = days_at([*[each.pk for each in held], *named], at)
    rates = {
        (abroad[pair], days[pk].session): rate_at(pair, close)
        for pk, pair in named.items()
        if pk in days and (close := days[pk].close)
    }
    traded = traded_in(account_id, {each.pk: days[each.pk] for each in held if each.pk in days}, at)
    found = {}
    for each in held:
        day, (shares, cash) = days.get(each.pk), traded.get(each.pk, (ZERO, ZERO))
        rate = rates.get((each.currency, day.session)) if day else None
        found[each.pk] = HeldDay(day.close, shares, cash, rate, day_known=True) if day else HeldDay()
    return found


def traded_in(account_id: int, days: Mapping[int, PastDay], at: datetime) -> dict[int, tuple[Decimal, Decimal]]:
    """What was traded by then in these days, by instrument: shares and cash (USD)."""
    of_day: dict[tuple[str, date], list[int]] = {}
    for pk, day in days.items():
        if day.session:
            of_day.setdefault((day.calendar, day.session), []).append(pk)
    wanted = Q(pk=None)
    for (calendar, session), instruments in of_day.items():
        wanted |= Q(journal__instrument__in=instruments) & within_day(calendar, session)
    lines = LedgerEntry.objects.filter(wanted, book=books.CASH, journal__account=account_id, journal__at__lte=at)
    sums = lines.order_by().values_list("journal__instrument").annotate(Sum("journal__quantity"), Sum("amount"))
    return {instrument: (shares, cash) for instrument, shares, cash in sums}
