"""The only writer of market data: instruments, quotes, bars, the session and its pulse."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from functools import partial
from itertools import islice
from operator import attrgetter

from django.conf import settings
from django.db import transaction

from apps.desk.calendar import ALWAYS, Calendar, Day, Phase
from apps.desk.currency import currency_of
from apps.desk.instrument import Renamed
from apps.desk.position import Split
from apps.desk.quote import Quote
from apps.live.announce import announce
from apps.live.moments import now_in_database
from apps.live.topics import DESK_STREAM, EVERYTHING, gone_topic

from . import queries, wire
from .bars import MINUTE, MinuteBar, minute_of
from .days import begin_days
from .feeds import Feed, Listing, Session, feed_from_setting
from .hours import calendar_named, in_words
from .models import Bar, FormerSymbol, Instrument, LastQuote, MarketState, ShareSplit
from .quotes import board
from .upsert import upsert

KEPT = timedelta(days=2)
BARS_AT_ONCE = 5000
QUOTE_COLUMNS = ("bid", "ask", "bid_size", "ask_size", "last", "venue_at", "received_at")
BAR_COLUMNS = ("open", "high", "low", "close", "volume")
figures_of_quote, figures_of_bar = attrgetter(*QUOTE_COLUMNS), attrgetter(*BAR_COLUMNS)


def open_market(feed: Feed) -> None:
    """All that a desk does before the first quote: instruments, the missing history, the session."""
    learn_names(feed)
    with transaction.atomic():  # no page shows half of it
        seed_instruments(feed)
        keep_calendars(feed)
        backfill(feed)
        open_session(feed)
        follow_hours(feed.clock())
    board.learn_minutes(feed.clock())


def seed_instruments(feed: Feed | None = None) -> int:
    """Adds what the feed quotes and the desk does not know yet. Returns how many that were."""
    known, feed = queries.instrument_ids(), feed or learn_names(feed_from_setting(settings))
    new = [
        Instrument(
            symbol=each.symbol,
            name=each.name,
            currency=currency_of(each.currency),
            tick_size=each.tick_size,
            lot_size=each.lot_size,
            tradable=each.tradable,
            calendar=calendar_of(each),
        )
        for each in feed.instruments()
        if each.symbol not in known
    ]
    Instrument.objects.bulk_create(new, ignore_conflicts=True)
    return len(new)


def learn_names(feed: Feed) -> Feed:
    """Has a feed that still knows instruments by former symbols go by those of today."""
    for old, new in queries.symbols_now().items():
        feed.rename(old, new)
    return feed


def calendar_of(listing: Listing) -> str:
    """What it keeps: stocks as the setting says."""
    return ALWAYS if listing.around_the_clock else str(settings.MARKET_CALENDAR)


def keep_calendars(feed: Feed) -> None:
    """Has what the feed quotes keep the hours of the setting; closes of another calendar's session are none."""
    symbols = defaultdict(list)
    for each in feed.instruments():
        symbols[calendar_of(each)].append(each.symbol)
    for name, listed in symbols.items():
        rows = list(Instrument.objects.filter(symbol__in=listed).exclude(calendar=name))
        for row in rows:
            row.calendar, row.previous_close, row.session_open, row.session_date = name, None, None, None
        begin_days(rows, feed.now())
    if queries.market_state().calendar != settings.MARKET_CALENDAR:
        keeps = {"calendar": settings.MARKET_CALENDAR, "phase": Phase.OPEN.value, "calendar_date": None}
        MarketState.objects.update_or_create(pk=1, defaults=keeps)


def backfill(feed: Feed) -> int:
    """Saves the minutes since the last bar on record. Returns how many bars."""
    now = feed.clock()
    if feed.starts_over:
        played = [each.symbol for each in feed.instruments()]
        Bar.objects.filter(instrument__symbol__in=played, start__gte=minute_of(now)).delete()
        ShareSplit.objects.filter(instrument__symbol__in=played, at__gte=minute_of(now)).delete()
    latest, at = queries.last_closes(now)
    if at is not None:
        feed.resume({symbol: bar.close for symbol, bar in latest.items()}, at)
    since = max(at + MINUTE, now - KEPT) if at else now - KEPT
    shut = {each.symbol for each in feed.instruments() if calendar_named(calendar_of(each)).has_hours}
    hours = calendar_named(settings.MARKET_CALENDAR)
    bars = (
        bar for bar in feed.history(since, now) if bar.symbol not in shut or hours.phase(bar.start) is not Phase.CLOSED
    )
    saved = 0
    while part := list(islice(bars, BARS_AT_ONCE)):
        saved += save_bars(part)
    return saved


@transaction.atomic
def save_instrument(instrument: Instrument) -> None:
    """Keeps what an admin has changed of it; pages that show its name draw it again."""
    instrument.save(update_fields=["name", "tradable", "lot_size", "borrow_rate"])
    MarketState.objects.update(changed_at=now_in_database())  # has every process read its instruments again
    announce(DESK_STREAM, "market.instrument", {"symbol": instrument.symbol}, topics=[EVERYTHING])


def save_quotes(quotes: Iterable[Quote]) -> int:
    """Keeps these as the last quotes of their symbols; of several of a symbol the last given counts."""
    ids = queries.instrument_ids()
    newest = {quote.symbol: quote for quote in quotes if quote.symbol in ids}
    rows = [(ids[quote.symbol], *figures_of_quote(quote)) for quote in newest.values()]
    upsert(LastQuote, ("instrument", *QUOTE_COLUMNS), rows, unique=["instrument"], update=QUOTE_COLUMNS)
    return len(rows)


def save_bars(bars: Iterable[MinuteBar]) -> int:
    """Keeps these minutes; one that is on record already is replaced."""
    ids = queries.instrument_ids()
    newest = {(bar.symbol, bar.start): bar for bar in bars if bar.symbol in ids}
    rows = [(ids[bar.symbol], bar.start, *figures_of_bar(bar)) for bar in newest.values()]
    upsert(Bar, ("instrument", "start", *BAR_COLUMNS), rows, unique=["instrument", "start"], update=BAR_COLUMNS)
    return len(rows)


def follow_session(feed: Feed) -> bool:
    """Opens or closes when the feed's session is no longer the one on record. True: it changed."""
    session, state = feed.session(), queries.market_state()
    if (state.is_open, state.session_date, state.reason) == (session.is_open, session.date, session.reason):
        return False
    if session.is_open:
        open_session(feed)
    else:
        close_session(session.reason)
    return True


@transaction.atomic
def open_session(feed: Feed) -> None:
    """Begins or goes on with the feed's session: its day, and the prices that changes count from."""
    session = feed.session()
    instruments = Instrument.objects.filter(symbol__in=[each.symbol for each in feed.instruments()], calendar=ALWAYS)
    changed = [each for each in instruments if take_session(each, session)]
    begin_days(changed, feed.now())
    tell(
        "market.opened" if session.is_open else "market.closed",
        session.reason,
        feed=feed.name,
        is_open=session.is_open,
        reason=session.reason,
        session_date=session.date,
        opens_at=session.opens_at,
        closes_at=session.closes_at,
    )


def take_session(instrument: Instrument, session: Session) -> bool:
    """Sets the prices that changes count from; False when they stand already."""
    before = (instrument.previous_close, instrument.session_open, instrument.session_date)
    known = instrument.session_date == session.date
    close = session.previous_closes.get(instrument.symbol)
    opening = session.opening_prices.get(instrument.symbol)
    if known and close is None and opening is None:
        return False
    after = (close, opening, session.date)
    instrument.previous_close, instrument.session_open, instrument.session_date = after
    return before != after


@transaction.atomic
def close_session(reason: str) -> None:
    """Ends the session: nothing executes until the next one opens."""
    tell("market.closed", reason, is_open=False, reason=reason)


def follow_hours(now: datetime) -> bool:
    """Keeps where the stocks' calendar is: begins its sessions, and has pages drawn again at every turn of its phase.
    True: it turned."""
    state = queries.market_state()
    calendar = calendar_named(state.calendar)
    day, phase = calendar.latest(now), calendar.phase(now)
    began = day.date if day else None
    if not calendar.has_hours or (state.phase, state.calendar_date) == (phase, began):
        return False
    turn_to(calendar, phase, day if began != state.calendar_date else None, now)
    return True


@transaction.atomic
def turn_to(calendar: Calendar, phase: Phase, begins: Day | None, now: datetime) -> None:
    """`begins` is the session that is new."""
    if begins is not None:
        begin_day(calendar, begins, now)
    state = {"phase": phase.value} if begins is None else {"phase": phase.value, "calendar_date": begins.date}
    tell("market.opened" if phase is Phase.OPEN else "market.closed", in_words(calendar, now), **state)


def begin_day(calendar: Calendar, day: Day, now: datetime) -> None:
    """Changes count from the last trade before the session before closed or, where none is known, from what the first
    price is."""
    before = calendar.before(day.date)
    closes = queries.last_closes(before.closes_at, before.opens_at)[0] if before else {}
    rows = list(Instrument.objects.filter(calendar=calendar.name))
    for row in rows:
        bar, quote = closes.get(row.symbol), board.quotes.get(row.symbol)
        row.previous_close = bar.close if bar else None
        row.session_open = quote.last if quote and bar is None else None
        row.session_date = day.date
    begin_days(rows, now)


@transaction.atomic
def split_prices(split: Split, at: datetime, now: datetime) -> None:
    """The prices that changes count from become those of the new shares, and minutes of before that moment at the
    venue are told in them; pages draw all that rests on them again."""
    instrument = Instrument.objects.select_for_update().get(symbol=split.symbol)
    ShareSplit.objects.create(instrument=instrument, at=at, new=split.new, old=split.old)
    for name in ("previous_close", "session_open"):
        price = getattr(instrument, name)
        setattr(instrument, name, None if price is None else split.price(price))
    begin_days([instrument], now)
    MarketState.objects.update(changed_at=now_in_database())  # has every process read its instruments again
    transaction.on_commit(refresh_board)
    announce(DESK_STREAM, "market.instrument", {"symbol": instrument.symbol}, topics=[EVERYTHING])


@transaction.atomic
def rename(instrument: Instrument, new: str, day: date) -> Renamed:
    """It goes on under its new symbol, and is found by the old one. Pages of the old symbol load again, all others
    draw what they show again."""
    renamed = Renamed(instrument.symbol, new)
    FormerSymbol.objects.create(symbol=renamed.old, instrument=instrument, changed_on=day)
    instrument.symbol = new
    instrument.save(update_fields=["symbol"])
    MarketState.objects.update(changed_at=now_in_database())  # has every process read its instruments again
    transaction.on_commit(partial(wire.tell_renamed, renamed))
    gone = [gone_topic(f"{kind}/{renamed.old}") for kind in ("quote", "book", "bar")]
    announce(DESK_STREAM, "market.renamed", {"old": renamed.old, "symbol": new}, topics=[EVERYTHING, *gone])
    return renamed


def tell(kind: str, words: str, **state: object) -> None:
    MarketState.objects.update_or_create(pk=1, defaults={**state, "changed_at": now_in_database()})
    transaction.on_commit(refresh_board)
    announce(DESK_STREAM, kind, {"reason": words}, topics=[EVERYTHING])


def refresh_board() -> None:
    board.refresh()


def beat(now: datetime, last_quote_at: datetime | None = None) -> None:
    """Says that the desk is alive."""
    pulse = {"beat_at": now} if last_quote_at is None else {"beat_at": now, "last_quote_at": last_quote_at}
    MarketState.objects.filter(pk=1).update(**pulse)
