"""Fills that were made elsewhere come into the books: all of a file, or none of it."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import Max

from apps.desk.currency import BASE, ONE
from apps.desk.fill import Fill as DeskFill
from apps.desk.money import ZERO, plain
from apps.desk.order import WORKING, Effect, OrderStatus, OrderType, Side, TimeInForce
from apps.desk.position import Inventory, Position
from apps.market.models import Instrument
from apps.market.queries import symbols_now
from apps.portfolio import services as portfolio
from apps.portfolio.bookkeeping import lock
from apps.portfolio.closed import FILLS
from apps.portfolio.models import Account, CorporateAction, Journal
from apps.portfolio.models import Position as HeldPosition
from apps.portfolio.news import tell
from apps.portfolio.queries import desk_position, inventory_of

from .converting import with_rates
from .elsewhere import Elsewhere
from .exposure import OPENING
from .fields import MOST_AMOUNT
from .models import Fill, Order

POLICY = "imported"
PREFIX = "import:"
KEYS_AT_ONCE = 500
ROWS_AT_ONCE = 200
MOST_HELD = Decimal(10**10)
"""Shares of one symbol that the books can keep."""


class Wrong(NamedTuple):
    line: int
    words: str


@dataclass(frozen=True, slots=True)
class Tried:
    """What booking would do: the fills with whether each opens, lines that are here already, and what is wrong."""

    fills: tuple[tuple[Elsewhere, bool], ...]
    known: int
    wrong: tuple[Wrong, ...]
    cash: Decimal


class NotWhole(Exception):
    """Something is wrong with a line, so nothing was booked."""

    def __init__(self, wrong: Sequence[Wrong]) -> None:
        super().__init__(f"line {wrong[0].line}: {wrong[0].words}")
        self.wrong = tuple(wrong)


def tried(account: Account, rows: Iterable[Elsewhere]) -> Tried:
    """Goes through the fills as the books would, without writing. In the order given, which is that of their times."""
    found = called_now(rows)
    here = known_fills(account, [row.key for row in found])
    instruments = {each.symbol: each for each in Instrument.objects.filter(symbol__in={row.symbol for row in found})}
    found, newest, splits = with_rates(found, instruments), newest_each(account), splits_of(instruments)
    open_now, working = positions_of(account)
    cash = account.cash
    booked, wrong = list[tuple[Elsewhere, bool]](), list[Wrong]()
    for row in found:
        if row.key in here:
            known = here[row.key]
            if not known.is_said_by(row):
                wrong.append(Wrong(row.line, f"Execution id {row.key[:40]} is here already, as {known.in_words}"))
            continue
        instrument = instruments.get(row.symbol)
        if words := misfit(row, instrument, newest.get(row.symbol)) or of_old_shares(row, splits.get(row.symbol)):
            wrong.append(Wrong(row.line, words))
            continue
        if row.symbol not in open_now:
            open_now[row.symbol] = inventory_of(account, Position(row.symbol))
        fill = desk_fill(row, row.key)
        try:
            opens = open_now[row.symbol].opens(fill)
        except ValueError as error:
            wrong.append(Wrong(row.line, f"It {error}"))
            continue
        if words := working.obstacle(row, abs(open_now[row.symbol].qty), opens=opens):
            wrong.append(Wrong(row.line, words))
            continue
        short = account.reserved - cash - fill.cash_flow
        if short > 0 and not account.on_margin:
            wrong.append(Wrong(row.line, f"It costs {-fill.cash_flow:,.2f} USD, {short:,.2f} more than there is"))
            continue
        cash += fill.cash_flow
        open_now[row.symbol].take(fill)
        booked.append((row, opens))
    return Tried(tuple(booked), len(here), tuple(wrong), cash)


def called_now(rows: Iterable[Elsewhere]) -> list[Elsewhere]:
    """What a file of earlier years calls by a former symbol is what that is called now."""
    now = symbols_now()
    return [row._replace(symbol=now.get(row.symbol, row.symbol)) for row in rows]


def misfit(row: Elsewhere, instrument: Instrument | None, newest: datetime | None) -> str:
    """What keeps a line out of the books, whatever is held."""
    if instrument is None:
        return f"Symbol {row.symbol[:32]} is not known here"
    if row.currency != instrument.currency:
        return f"Currency is {row.currency}; {row.symbol} is in {instrument.currency} here"
    if row.currency == BASE and row.rate != ONE:
        return f"Rate must be 1 or empty: {row.symbol} is in {BASE}"
    if row.commission_currency not in (BASE, row.currency):
        right = BASE if row.currency == BASE else f"{BASE} or {row.currency}"
        return (
            f"Commission currency is {row.commission_currency}; it must be {right}: {row.symbol} is in {row.currency}"
        )
    if row.rate is None:
        known = f"what one was worth at {row.at:%Y-%m-%d %H:%M} UTC is not known here"
        return f"{row.symbol} is in {row.currency}, and {known}: say it in USD in a column fx_rate"
    if row.quantity % instrument.lot_size:
        return f"Quantity must be a multiple of {plain(instrument.lot_size)} for {row.symbol}"
    if (amount := row.quantity * row.price * row.rate) > MOST_AMOUNT:
        return f"It comes to {amount:,.2f} USD; a fill is {MOST_AMOUNT:,} USD at most"
    if newest is not None and row.at < newest:
        return (
            f"Time is before your newest fill of {row.symbol}, {newest:%Y-%m-%d %H:%M:%S} UTC; "
            "fills are booked in their order"
        )
    return ""


def splits_of(symbols: Iterable[str]) -> dict[str, CorporateAction]:
    """The newest split of each that the books have been through."""
    done = CorporateAction.objects.filter(kind=CorporateAction.Kind.SPLIT, applied_at__isnull=False)
    rows = done.filter(instrument__symbol__in=list(symbols)).select_related("instrument").order_by("applied_at")
    return {row.instrument.symbol: row for row in rows}


def of_old_shares(row: Elsewhere, split: CorporateAction | None) -> str:
    """A fill is booked now, after the split that would have made other shares of it."""
    if split is None or split.applied_at is None or row.at >= split.applied_at:
        return ""
    was = f"{row.symbol} was split {split.new} for {split.old} at {split.applied_at:%Y-%m-%d %H:%M} UTC"
    return f"{was}, and this fill from before is of old shares: say what was held then in new ones, at a time since"


@transaction.atomic
def import_fills(account: Account, rows: Sequence[Elsewhere], name: str) -> int:
    """Books what is not here yet, all or nothing; says how many. Raises NotWhole."""
    locked = lock(account.pk)
    found = tried(locked, rows)
    if found.wrong:
        raise NotWhole(found.wrong)
    if not found.fills:
        return 0
    symbols = {row.symbol for row, _ in found.fills}
    instruments = {each.symbol: each for each in Instrument.objects.filter(symbol__in=symbols)}
    orders = [order_of(locked, row, instruments[row.symbol], opens) for row, opens in found.fills]
    Order.objects.bulk_create(orders, batch_size=ROWS_AT_ONCE)
    fills = [desk_fill(row, exec_id(order)) for order, (row, _) in zip(orders, found.fills, strict=True)]
    Fill.objects.bulk_create(
        [fill_of(order, fill) for order, fill in zip(orders, fills, strict=True)], batch_size=ROWS_AT_ONCE
    )
    portfolio.book_fills(locked, fills)
    account.cash = locked.cash
    words = f"{len(fills):,} fills of {name}" if len(fills) > 1 else f"One fill of {name}"
    topics = [f"orders/{locked.pk}:filled", f"fills/{locked.pk}"]
    tell(locked, "import", words, tone="success", symbols=instruments, topics=topics)
    return len(fills)


def exec_id(order: Order) -> str:
    return f"{order.pk}:{plain(order.cum_qty)}"


def desk_fill(row: Elsewhere, exec_id: str) -> DeskFill:
    terms = row.quantity, row.price, row.fee
    return DeskFill(exec_id, "", row.symbol, row.side, *terms, "", row.at, row.currency, row.rate or ONE)


def order_of(account: Account, row: Elsewhere, instrument: Instrument, opens: bool) -> Order:
    """The order that a fill elsewhere stands for: how it was asked for is not known."""
    return Order(
        id=uuid.uuid4(),
        account=account,
        instrument=instrument,
        client_order_id=PREFIX + row.key,
        side=row.side.value,
        effect=(Effect.OPEN if opens else Effect.CLOSE).value,
        order_type=OrderType.MARKET.value,
        time_in_force=TimeInForce.DAY.value,
        quantity=row.quantity,
        status=OrderStatus.FILLED.value,
        cum_qty=row.quantity,
        avg_px=row.price,
        reason="Imported",
        created_at=row.at,
        updated_at=row.at,
    )


def fill_of(order: Order, fill: DeskFill) -> Fill:
    """No quote made it here, so that none is kept."""
    return Fill(
        order=order,
        exec_id=fill.exec_id,
        last_qty=fill.last_qty,
        last_px=fill.last_px,
        commission=fill.commission,
        liquidity="",
        policy=POLICY,
        quote_age_ms=0,
        rate=None if fill.currency == BASE else fill.rate,
        at=fill.at,
    )


class Known(NamedTuple):
    """What a fill was when it was imported before."""

    symbol: str
    side: str
    quantity: Decimal
    price: Decimal

    def is_said_by(self, row: Elsewhere) -> bool:
        return self == (row.symbol, row.side, row.quantity, row.price)

    @property
    def in_words(self) -> str:
        return f"{self.side} {plain(self.quantity)} {self.symbol} at {plain(self.price)}"


def known_fills(account: Account, keys: Sequence[str]) -> dict[str, Known]:
    """Those of the keys that are here already: imported before, or in a file that this desk has written of its own."""
    own, made = Order.objects.filter(account=account), Fill.objects.filter(order__account=account)
    here = list[tuple[Any, ...]]()
    for start in range(0, len(keys), KEYS_AT_ONCE):
        part = keys[start : start + KEYS_AT_ONCE]
        imported = own.filter(client_order_id__in=[PREFIX + key for key in part])
        here += imported.values_list("client_order_id", "instrument__symbol", "side", "quantity", "avg_px")
        written = made.filter(exec_id__in=part)
        here += written.values_list("exec_id", "order__instrument__symbol", "order__side", "last_qty", "last_px")
    return {key.removeprefix(PREFIX): Known(*terms) for key, *terms in here}


class Working(NamedTuple):
    """What an account's working orders stand on, by symbol: the shares they hold back, and the side they open to."""

    reserved: Mapping[str, Decimal]
    opening: Mapping[str, str]

    def obstacle(self, row: Elsewhere, held: Decimal, *, opens: bool) -> str:
        """Why they, or the books, have no room for a fill that meets so many shares, held or owed."""
        opening, reserved = self.opening.get(row.symbol, row.side), self.reserved.get(row.symbol, ZERO)
        if opens and opening != row.side:
            other = "buy" if opening == Side.BUY else "short sale"
            return f"A working {other} of {row.symbol} would open the other way; cancel it first"
        if opens and held + row.quantity > MOST_HELD:
            return f"It would make {plain(held + row.quantity)} {row.symbol}; {MOST_HELD:,} is the most"
        if not opens and held - row.quantity < reserved:
            what = f"{plain(row.quantity)} {row.symbol}; {plain(held - reserved)} are free"
            return f"It {row.side}s {what}, {plain(reserved)} are held for working orders: cancel them first"
        return ""


def newest_each(account: Account) -> dict[str, datetime]:
    rows = Journal.objects.filter(account=account, kind__in=FILLS)
    return dict(rows.values_list("instrument__symbol").annotate(Max("at")))


def positions_of(account: Account) -> tuple[dict[str, Inventory], Working]:
    """What is held, or owed, of each symbol, and what working orders stand on."""
    rows = HeldPosition.objects.filter(account=account).select_related("instrument").prefetch_related("lots")
    held = {row.instrument.symbol: row for row in rows}
    opening = Order.objects.filter(OPENING, account=account, status__in=WORKING)
    sides = dict(opening.values_list("instrument__symbol", "side"))
    working = Working({symbol: row.reserved for symbol, row in held.items()}, sides)
    return {symbol: inventory_of(account, desk_position(row)) for symbol, row in held.items()}, working
