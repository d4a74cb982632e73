"""What the market holds, read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from django.db.models import Case, CharField, F, IntegerField, Max, OuterRef, Q, QuerySet, Subquery, Value, When

from apps.desk.calendar import ALWAYS, Phase
from apps.desk.currency import BASE, pair_of, pairs_of
from apps.desk.position import Split
from apps.desk.quote import EPOCH
from apps.live.prepared import Given, PreparedRead

from .bars import MINUTE, MinuteBar, in_new_shares, minute_of
from .feeds import Session
from .models import Bar, FormerSymbol, Instrument, MarketState, ShareSplit

LOOK_BACK = timedelta(days=7)  # over a weekend with holidays on both sides
MINUTES_AT_ONCE = 500
STATE = PreparedRead(lambda: MarketState.objects.order_by())
NAMED = PreparedRead(lambda: Instrument.objects.order_by().filter(symbol=Given("symbol", CharField())))


@dataclass(frozen=True, slots=True)
class MarketStatus:
    """Whether orders execute now, and why; `changed_at` is since when, `beat_at` the desk's pulse."""

    is_open: bool = False
    reason: str = "The desk has not been started"
    feed: str = ""
    session_date: date | None = None
    opens_at: datetime | None = None
    closes_at: datetime | None = None
    changed_at: datetime | None = None
    beat_at: datetime | None = None
    calendar: str = ALWAYS
    phase: str = Phase.OPEN
    calendar_date: date | None = None

    @property
    def is_quoting(self) -> bool:
        """Whether quotes are to come: a market that is closed, extended hours and all, is silent and not stale."""
        return self.is_open and self.phase != Phase.CLOSED


def market_state() -> MarketStatus:
    row = STATE.first()
    if row is None:
        return MarketStatus()
    return MarketStatus(
        row.is_open,
        row.reason,
        row.feed,
        row.session_date,
        row.opens_at,
        row.closes_at,
        row.changed_at,
        row.beat_at,
        row.calendar,
        row.phase,
        row.calendar_date,
    )


def has_ended(state: MarketStatus, clock: datetime, session: Session | None = None) -> bool:
    """Whether the session on record is over: at the venue it is another day, or past the close.

    A feed that has not begun does not know its session yet: then the venue's clock alone decides. A market that is
    halted before its close has not ended.
    """
    if state.session_date is None:
        return False
    if session is not None and session.date != state.session_date:
        return True
    closed = session is None or not session.is_open
    return closed and state.closes_at is not None and clock >= state.closes_at


def session_date_of(instrument: Instrument, state: MarketStatus) -> date | None:
    """The session that its day counts to: what keeps hours has its own, the rest the feed's."""
    return state.session_date if instrument.calendar == ALWAYS else instrument.session_date


def instrument(symbol: str) -> Instrument:
    """By its symbol, or by one that it had before. Raises Instrument.DoesNotExist."""
    if "\0" in symbol:  # PostgreSQL takes none
        raise Instrument.DoesNotExist
    return NAMED.first(symbol=symbol) or Instrument.objects.get(former_symbols__symbol=symbol)


def tradable(symbol: str) -> Instrument:
    """The same. Raises Instrument.DoesNotExist also for what cannot be traded at present."""
    found = instrument(symbol)
    if not found.tradable:
        raise Instrument.DoesNotExist
    return found


def symbols_now() -> dict[str, str]:
    """What each former symbol is called now."""
    return dict(FormerSymbol.objects.values_list("symbol", "instrument__symbol"))


def symbol_now(symbol: str) -> str:
    """What is, or was, called so is called now; what is not known at all, as it is said."""
    if not symbol or "\0" in symbol:  # PostgreSQL takes none
        return symbol
    now = FormerSymbol.objects.filter(symbol=symbol).values_list("instrument__symbol", flat=True).first()
    return now or symbol


def former_of(symbol: str) -> QuerySet[FormerSymbol, int]:
    """The instrument that was called so, to look for in other tables."""
    return FormerSymbol.objects.filter(symbol=symbol.upper()).values_list("instrument", flat=True)


def is_known(symbol: str) -> bool:
    """Whether something is, or was, called so."""
    return any(rows.filter(symbol=symbol).exists() for rows in (Instrument.objects, FormerSymbol.objects))


@dataclass(frozen=True, slots=True)
class Found:
    """`was` is the former symbol that the text was found in, where the symbol and the name do not hold it."""

    symbol: str
    name: str
    was: str = ""


def search(text: str, limit: int = 8) -> list[Found]:
    """Tradable instruments whose symbol, former ones too, or name holds the text; those that begin so come first."""
    text = text.strip()
    if not text or len(text) > 64 or "\0" in text:  # PostgreSQL takes no NUL
        return []
    former = FormerSymbol.objects.filter(instrument=OuterRef("pk"), symbol__icontains=text).values("symbol")[:1]
    rank = Case(
        When(symbol__iexact=text, then=Value(0)),
        When(was__iexact=text, then=Value(0)),
        When(symbol__istartswith=text, then=Value(1)),
        When(name__istartswith=text, then=Value(2)),
        default=Value(3),
        output_field=IntegerField(),
    )
    rows = Instrument.objects.annotate(was=Subquery(former)).filter(tradable=True)
    named = Q(symbol__icontains=text) | Q(name__icontains=text)
    found = rows.filter(named | Q(was__isnull=False)).annotate(
        said=Case(When(named, then=Value("")), default=F("was"))
    )
    return [Found(*row) for row in found.order_by(rank, "symbol").values_list("symbol", "name", "said")[:limit]]


def bars(symbol: str, minutes: int) -> list[MinuteBar]:
    """The bars of the last `minutes` up to the symbol's last quote, oldest first, in the shares of now."""
    rows = Bar.objects.filter(instrument__symbol=symbol)
    until = Instrument.objects.filter(symbol=symbol).values_list("last_quote__venue_at", flat=True).first()
    until = until or rows.aggregate(newest=Max("start"))["newest"]
    if until is None:
        return []
    since = until - timedelta(minutes=minutes)
    found, _ = in_shares_now(minute_bars(rows.filter(start__lte=until, start__gt=since)))
    return found


def last_minutes(until: datetime, minutes: int) -> tuple[list[MinuteBar], set[tuple[str, datetime]]]:
    """The same of every symbol, in two queries, and the splits that they are told after: symbols and moments."""
    rows = Bar.objects.filter(start__lte=until, start__gt=until - timedelta(minutes=minutes))
    return in_shares_now(minute_bars(rows))


def in_shares_now(
    found: list[MinuteBar], at: datetime | None = None
) -> tuple[list[MinuteBar], set[tuple[str, datetime]]]:
    """Minutes, the oldest first, with those of before a split told in the shares of after it; and which splits. With
    `at` now is that moment."""
    told = set[tuple[str, datetime]]()
    if not found:
        return found, told
    splits = ShareSplit.objects.filter(at__gt=found[0].start, instrument__symbol__in={bar.symbol for bar in found})
    splits = splits.filter(at__lte=at) if at else splits
    for symbol, at, new, old in splits.values_list("instrument__symbol", "at", "new", "old"):
        split, begins = Split(symbol, new, old), minute_of(at)
        told.add((symbol, at))
        found = [in_new_shares(bar, split) if bar.symbol == symbol and bar.start < begins else bar for bar in found]
    return found, told


def minute_bars(rows: QuerySet[Bar]) -> list[MinuteBar]:
    columns = ("instrument__symbol", "start", "open", "high", "low", "close", "volume")
    return [MinuteBar(*row) for row in rows.order_by("start").values_list(*columns)]


def last_closes(until: datetime, since: datetime = EPOCH) -> tuple[dict[str, MinuteBar], datetime | None]:
    """The newest bar of each symbol that began within [since, until), and when the newest of all began."""
    newest = Bar.objects.filter(start__gte=since, start__lt=until).values("instrument").annotate(newest=Max("start"))
    starts = {row["newest"] for row in newest}
    latest = {bar.symbol: bar for bar in minute_bars(Bar.objects.filter(start__in=starts))}
    return latest, max(starts, default=None)


class PastPrice(NamedTuple):
    price: Decimal
    at: datetime


def last_price(symbol: str, at: datetime) -> PastPrice | None:
    """The price at the end of a symbol's last minute that was over by then; None where a week before holds none."""
    found = last_minutes_then([symbol], at)
    return PastPrice(found[0].close, found[0].start + MINUTE) if found else None


def closes_of(symbol: str, starts: Iterable[datetime]) -> dict[datetime, Decimal]:
    """The price at the end of those of the minutes in which it was traded."""
    wanted, found = sorted(set(starts)), dict[datetime, Decimal]()
    for first in range(0, len(wanted), MINUTES_AT_ONCE):
        part = Bar.objects.filter(instrument__symbol=symbol, start__in=wanted[first : first + MINUTES_AT_ONCE])
        found |= dict(part.order_by().values_list("start", "close"))
    return found


def pairs_listed(currencies: Iterable[str]) -> dict[str, Instrument]:
    """What converts each of them, where it is listed; nothing is asked where all is in USD."""
    abroad = {*currencies} - {BASE}
    symbols = [symbol for currency in abroad for symbol in pairs_of(currency)]
    listed = {row.symbol: row for row in Instrument.objects.filter(symbol__in=symbols)} if abroad else {}
    named = {currency: pair_of(currency, listed) for currency in abroad}
    return {currency: listed[pair] for currency, pair in named.items() if pair in listed}


def last_minute_each(symbols: Iterable[str], at: datetime) -> list[MinuteBar]:
    """The newest minute of each symbol that was over by then, at most a week back; two queries."""
    over = Bar.objects.filter(instrument=OuterRef("pk"), start__lte=at - MINUTE, start__gt=at - LOOK_BACK)
    newest = Subquery(over.order_by("-start").values("pk")[:1])
    named = Instrument.objects.filter(symbol__in=list(symbols)).annotate(newest=newest)
    return minute_bars(Bar.objects.filter(pk__in=[pk for pk in named.values_list("newest", flat=True) if pk]))


def last_minutes_then(symbols: Iterable[str], at: datetime) -> list[MinuteBar]:
    """The same in the shares of that moment: after a split no minute of the new ones is over until its own is."""
    found, _ = in_shares_now(last_minute_each(symbols, at), at)
    return found


def pairs_priced(currencies: Iterable[str], at: datetime) -> set[str]:
    """Those of their pairs that had a price at the moment: what is listed later changes nothing of the past."""
    symbols = [symbol for currency in {*currencies} - {BASE} for symbol in pairs_of(currency)]
    return {bar.symbol for bar in last_minute_each(symbols, at)} if symbols else set()


def instrument_ids(symbols: Iterable[str] | None = None) -> dict[str, int]:
    rows = Instrument.objects.all() if symbols is None else Instrument.objects.filter(symbol__in=list(symbols))
    return dict(rows.values_list("symbol", "id"))
