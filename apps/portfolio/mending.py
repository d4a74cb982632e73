"""Positions and lots held against the journals that they follow from, and written again where they differ."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import NamedTuple

from django.db import transaction

from apps.desk.money import ZERO, plain
from apps.desk.position import CostMethod
from apps.desk.position import Lot as DeskLot
from apps.desk.position import Position as DeskPosition
from apps.market.models import Instrument

from .bookkeeping import lock, write_lots
from .models import Account, Position
from .news import tell
from .queries import desk_lot
from .rebuilding import Rebuilt, rebuilt
from .sums import plain_sums


class Difference(NamedTuple):
    """What is kept of a symbol, and what follows from the journals: shares, USD, or a lot in words."""

    symbol: str
    what: str
    kept: str
    booked: str


class Booked(NamedTuple):
    """All that the journals say of one symbol; `commission` and `dividends` in USD."""

    made: Rebuilt
    commission: Decimal
    dividends: Decimal

    @property
    def figures(self) -> dict[str, Decimal]:
        position = self.made.position
        return {
            "quantity": position.qty,
            "cost": position.cost,
            "local_cost": position.local,
            "realized_pnl": self.made.realized,
            "commission": self.commission,
            "dividends": self.dividends,
        }


class HeldBack(Exception):
    """Working orders hold more shares back than the journals leave; cancel them first."""


@transaction.atomic
def differences(account_id: int, *, fix: bool = False) -> list[Difference]:
    """What of an account is not as its journals make it, read with the account locked; `fix` writes it as they do.

    Raises ValueError for journals that no position can follow from, HeldBack where orders hold what is not there.
    """
    account = lock(account_id)
    booked = booked_of(account)
    rows = {row.instrument.symbol: row for row in held_by(account)}
    found = [each for symbol in sorted({*booked, *rows}) for each in compared(symbol, rows.get(symbol), booked)]
    if fix and found:
        wrong = {each.symbol for each in found}
        for symbol in sorted(wrong):
            write_again(account, symbol, booked.get(symbol, nothing(symbol)))
        words = f"{', '.join(sorted(wrong))} worked out again from the ledger"
        tell(account, "mended", words, symbols=wrong, toast=False)
    return found


def held_by(account: Account) -> list[Position]:
    rows = Position.objects.select_for_update(of=("self",)).filter(account=account)
    return list(rows.select_related("instrument").prefetch_related("lots"))


def booked_of(account: Account) -> dict[str, Booked]:
    """By symbol, read line by line."""
    made = rebuilt(account.pk, CostMethod(account.cost_method))
    sums = plain_sums(account.pk, [(0, None)])
    symbols = dict(Instrument.objects.filter(pk__in={pk for pk, _ in sums if pk}).values_list("pk", "symbol"))
    found = {symbol: nothing(symbol) for symbol in symbols.values()}
    for (pk, _), each in sums.items():
        if pk is not None:
            before = found[symbols[pk]]
            commission, dividends = before.commission + each.commission, before.dividends - each.dividends
            found[symbols[pk]] = Booked(before.made, commission, dividends)
    return {symbol: each._replace(made=made.get(symbol, each.made)) for symbol, each in found.items()}


def nothing(symbol: str) -> Booked:
    return Booked(Rebuilt(DeskPosition(symbol), ZERO), ZERO, ZERO)


def compared(symbol: str, row: Position | None, booked: dict[str, Booked]) -> Iterator[Difference]:
    own = booked.get(symbol, nothing(symbol))
    for what, value in own.figures.items():
        kept = getattr(row, what) if row else ZERO
        if kept != value:
            yield Difference(symbol, what, plain(kept), plain(value))
    lots = {lot.exec_id: lot for lot in own.made.position.lots}
    known = {lot.exec_id: desk_lot(lot) for lot in row.lots.all()} if row else {}
    for exec_id in sorted({*lots, *known}):
        if lots.get(exec_id) != known.get(exec_id):
            yield Difference(symbol, f"lot {exec_id}", in_words(known.get(exec_id)), in_words(lots.get(exec_id)))


def in_words(lot: DeskLot | None) -> str:
    """ "10 for 95 at 9.5, opened 2026-03-02T14:30:00+00:00"."""
    if lot is None:
        return "none"
    local = f" ({plain(lot.local)} at a rate of {plain(lot.rate)})" if lot.is_local else ""
    return f"{plain(lot.qty)} for {plain(lot.cost)}{local} at {plain(lot.price)}, opened {lot.opened_at.isoformat()}"


def write_again(account: Account, symbol: str, booked: Booked) -> None:
    row, _ = Position.objects.get_or_create(account=account, instrument=Instrument.objects.get(symbol=symbol))
    for what, value in booked.figures.items():
        setattr(row, what, value)
    if row.reserved > abs(row.quantity):
        raise HeldBack(f"orders hold back {plain(row.reserved)} {symbol}, the journals leave {plain(row.quantity)}")
    row.save(update_fields=list(booked.figures))
    write_lots(row, booked.made.position.lots)
