"""Fills that were made elsewhere come into the books: all of a file, or none of it."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from django.db import transaction
from django.db.models import Max

from apps.desk.currency import BASE, ONE
from apps.desk.fill import Fill as DeskFill
from apps.desk.money import plain
from apps.desk.order import Effect, OrderStatus, OrderType, TimeInForce
from apps.desk.position import Inventory, Position
from apps.market.models import Instrument
from apps.market.queries import symbols_now
from apps.portfolio import services as portfolio
from apps.portfolio.bookkeeping import lock
from apps.portfolio.closed import FILLS
from apps.portfolio.models import Account, Journal
from apps.portfolio.models import Position as HeldPosition
from apps.portfolio.news import tell
from apps.portfolio.queries import desk_position, inventory_of

from .converting import with_rates
from .elsewhere import Elsewhere
from .models import Fill, Order

POLICY = "imported"
PREFIX = "import:"
KEYS_AT_ONCE = 500
ROWS_AT_ONCE = 200


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
    here = known_keys(account, [row.key for row in found])
    instruments = {each.symbol: each for each in Instrument.objects.filter(symbol__in={row.symbol for row in found})}
    found, newest = with_rates(found, instruments), newest_each(account)
    open_now = positions_of(account)
    cash = account.cash
    booked, wrong = list[tuple[Elsewhere, bool]](), list[Wrong]()
    for row in found:
        if row.key in here:
            continue
        instrument = instruments.get(row.symbol)
        if words := misfit(row, instrument, newest.get(row.symbol)):
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
    if newest is not None and row.at < newest:
        return (
            f"Time is before your newest fill of {row.symbol}, {newest:%Y-%m-%d %H:%M:%S} UTC; "
            "fills are booked in their order"
        )
    return ""


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


def known_keys(account: Account, keys: Sequence[str]) -> set[str]:
    own, here = Order.objects.filter(account=account), set[str]()
    for start in range(0, len(keys), KEYS_AT_ONCE):
        part = [PREFIX + key for key in keys[start : start + KEYS_AT_ONCE]]
        found = own.filter(client_order_id__in=part).values_list("client_order_id", flat=True)
        here |= {key.removeprefix(PREFIX) for key in found}
    return here


def newest_each(account: Account) -> dict[str, datetime]:
    rows = Journal.objects.filter(account=account, kind__in=FILLS)
    return dict(rows.values_list("instrument__symbol").annotate(Max("at")))


def positions_of(account: Account) -> dict[str, Inventory]:
    rows = HeldPosition.objects.filter(account=account).select_related("instrument").prefetch_related("lots")
    return {row.instrument.symbol: inventory_of(account, desk_position(row)) for row in rows}
