"""What prices did while nobody looked: by the minutes on record, as exactly as they say."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import Max, Min, Q

from apps.desk.crossing import Band, Crossing
from apps.market.bars import MINUTE, minute_of
from apps.market.models import Bar, LastQuote

from .queries import Waiting


@dataclass(frozen=True, slots=True)
class Seen:
    """A figure's value at a moment (the server's clock). `by_venue` is false where the venue's clock is another, as in
    a replay: then its minutes say nothing of our time."""

    at: datetime
    value: Decimal
    by_venue: bool = True


def last_seen() -> dict[str, Seen]:
    """By symbol what the desk before this one has saved last."""
    rows = LastQuote.objects.values_list("instrument__symbol", "received_at", "venue_at", "last")
    return {symbol: Seen(at, last, abs(at - venue_at) < MINUTE) for symbol, at, venue_at, last in rows}


def missed_crossings(waiting: Iterable[Waiting], seen: dict[str, Seen], now: datetime) -> dict[int, Crossing]:
    """By alert what it missed between the last value that was seen, or its own beginning, and now."""
    asked = [(each, known_of(each, seen)) for each in waiting]
    inside = [(each, known) for each, known in asked if each.band.holds(known.value)]
    if not inside:
        return {}
    lows, highs = extremes({each.of for each, _ in inside}, min(known.at for _, known in inside), now)
    found = {}
    for each, known in inside:
        if each.of in highs and not (each.band.holds(highs[each.of]) and each.band.holds(lows[each.of])):
            crossing = by_minutes(each, known, now)
            if crossing is not None:
                found[each.alert_id] = crossing
    return found


def known_of(waiting: Waiting, seen: dict[str, Seen]) -> Seen:
    """The last that is known to be before what was missed."""
    last = seen.get(waiting.of)
    return last if last is not None and last.at > waiting.since else Seen(waiting.since, waiting.base)


def extremes(symbols: set[str], since: datetime, until: datetime) -> tuple[dict[str, Decimal], dict[str, Decimal]]:
    """Lowest and highest price of each symbol, in one query."""
    bars = Bar.objects.filter(instrument__symbol__in=symbols, start__gte=minute_of(since), start__lte=until)
    rows = list(bars.order_by().values_list("instrument__symbol").annotate(Min("low"), Max("high")))
    return {row[0]: row[1] for row in rows}, {row[0]: row[2] for row in rows}


def by_minutes(waiting: Waiting, known: Seen, now: datetime) -> Crossing | None:
    """The first minute that left the band. Of the one that `known` is in nobody can say which part came after it."""
    band, begins = waiting.band, minute_of(known.at) + MINUTE
    bars = Bar.objects.filter(instrument__symbol=waiting.of, start__gte=begins, start__lte=now).order_by("start")
    left = bars.filter(out_of(band)).values_list("start", "open", "high").first()
    if left is None:
        return None
    start, opened, high = left
    if band.holds(opened):
        reached = band.up if band.up is not None and high >= band.up else band.down
        return Crossing(min(start + MINUTE, now), opened if reached is None else reached, start)
    before = bars.filter(start__lt=start).values_list("start", flat=True).last()
    earlier = known.at if before is None else before + MINUTE  # it jumped from one minute to the next
    return Crossing(start, opened, earlier if earlier < start else None)


def out_of(band: Band) -> Q:
    left = Q()
    if band.up is not None:
        left |= Q(high__gte=band.up)
    if band.down is not None:
        left |= Q(low__lte=band.down)
    return left
