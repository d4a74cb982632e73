"""The only writer of market data: instruments, quotes, bars, the session and its pulse."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import islice

from django.conf import settings
from django.db import transaction

from apps.desk.quote import Quote
from apps.live.announce import announce
from apps.live.moments import now_in_database
from apps.live.topics import DESK_STREAM, EVERYTHING

from . import queries
from .bars import MINUTE, MinuteBar, minute_of
from .feeds import Feed, Session, feed_from_setting
from .models import Bar, Instrument, LastQuote, MarketState
from .quotes import board

KEPT = timedelta(days=2)
BARS_AT_ONCE = 5000
QUOTE_COLUMNS = ("bid", "ask", "bid_size", "ask_size", "last", "venue_at", "received_at")
BAR_COLUMNS = ("open", "high", "low", "close", "volume")


def open_market(feed: Feed) -> None:
    """All that a desk does before the first quote: instruments, the missing history, the session."""
    with transaction.atomic():  # no page shows half of it
        seed_instruments(feed)
        backfill(feed)
        open_session(feed)
    board.learn_minutes(feed.clock())


def seed_instruments(feed: Feed | None = None) -> int:
    """Adds what the feed quotes and the desk does not know yet. Returns how many that were."""
    known = queries.instrument_ids()
    listed = (feed or feed_from_setting(settings)).instruments()
    new = [
        Instrument(symbol=each.symbol, name=each.name, tick_size=each.tick_size)
        for each in listed
        if each.symbol not in known
    ]
    Instrument.objects.bulk_create(new, ignore_conflicts=True)
    return len(new)


def backfill(feed: Feed) -> int:
    """Saves the minutes since the last bar on record. Returns how many bars."""
    now = feed.clock()
    if feed.starts_over:
        played = [each.symbol for each in feed.instruments()]
        Bar.objects.filter(instrument__symbol__in=played, start__gte=minute_of(now)).delete()
    latest, at = queries.last_closes(now)
    if at is not None:
        feed.resume({symbol: bar.close for symbol, bar in latest.items()}, at)
    since = max(at + MINUTE, now - KEPT) if at else now - KEPT
    bars = feed.history(since, now)
    saved = 0
    while part := list(islice(bars, BARS_AT_ONCE)):
        saved += save_bars(part)
    return saved


@transaction.atomic
def save_instrument(instrument: Instrument) -> None:
    """Keeps what an admin has changed of it; pages that show its name draw it again."""
    instrument.save(update_fields=["name", "tradable"])
    announce(DESK_STREAM, "market.instrument", {"symbol": instrument.symbol}, topics=[EVERYTHING])


def save_quotes(quotes: Iterable[Quote]) -> int:
    """Keeps these as the last quotes of their symbols; of several of a symbol the last given counts."""
    ids = queries.instrument_ids()
    newest = {quote.symbol: quote for quote in quotes if quote.symbol in ids}
    rows = [
        LastQuote(instrument_id=ids[quote.symbol], **{column: getattr(quote, column) for column in QUOTE_COLUMNS})
        for quote in newest.values()
    ]
    LastQuote.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["instrument"], update_fields=list(QUOTE_COLUMNS)
    )
    return len(rows)


def save_bars(bars: Iterable[MinuteBar]) -> int:
    """Keeps these minutes; one that is on record already is replaced."""
    ids = queries.instrument_ids()
    newest = {(bar.symbol, bar.start): bar for bar in bars if bar.symbol in ids}
    rows = [
        Bar(
            instrument_id=ids[bar.symbol],
            start=bar.start,
            **{column: getattr(bar, column) for column in BAR_COLUMNS},
        )
        for bar in newest.values()
    ]
    Bar.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["instrument", "start"], update_fields=list(BAR_COLUMNS)
    )
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
    instruments = list(Instrument.objects.filter(symbol__in=[each.symbol for each in feed.instruments()]))
    changed = [each for each in instruments if take_session(each, session)]
    Instrument.objects.bulk_update(changed, ["previous_close", "session_open", "session_date"], batch_size=200)
    tell(
        "market.opened" if session.is_open else "market.closed",
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
    tell("market.closed", is_open=False, reason=reason)


def tell(kind: str, **state: object) -> None:
    MarketState.objects.update_or_create(pk=1, defaults={**state, "changed_at": now_in_database()})
    transaction.on_commit(refresh_board)
    announce(DESK_STREAM, kind, {"reason": str(state["reason"])}, topics=[EVERYTHING])


def refresh_board() -> None:
    board.refresh()


def beat(now: datetime, last_quote_at: datetime | None = None) -> None:
    """Says that the desk is alive."""
    pulse = {"beat_at": now} if last_quote_at is None else {"beat_at": now, "last_quote_at": last_quote_at}
    MarketState.objects.filter(pk=1).update(**pulse)
