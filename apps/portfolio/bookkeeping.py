"""How a journal comes into the books; whoever calls has a transaction, and the account's lock from here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal

from apps.desk.fill import Fill
from apps.desk.ledger import CASH, FUNDING, Line, lines_of_fill
from apps.desk.money import ZERO
from apps.desk.order import Side
from apps.desk.position import Lot as DeskLot
from apps.desk.position import Position as DeskPosition
from apps.market.hours import session_date_at
from apps.market.models import Instrument
from apps.market.queries import MarketStatus, market_state
from apps.market.quotes import board

from .models import Account, Journal, LedgerEntry, Lot, Position
from .queries import desk_position, holdings_of, inventory_of, portfolio_value

ROWS_AT_ONCE = 200


def lock(account_id: int) -> Account:
    return Account.objects.select_for_update().get(pk=account_id)


def write(account: Account, lines: tuple[Line, ...], journal: Journal) -> Journal:
    """Saves the journal and its lines and moves the account's cash by its cash lines."""
    journal.account = account
    if any(line.book == FUNDING for line in lines):
        journal.equity_before = portfolio_value(holdings_of([account])[0], board).equity
    journal.save(force_insert=True)
    LedgerEntry.objects.bulk_create(LedgerEntry(journal=journal, book=line.book, amount=line.amount) for line in lines)
    account.cash += sum((line.amount for line in lines if line.book == CASH), ZERO)
    account.save(update_fields=["cash"])
    return journal


def save_lots(row: Position, before: DeskPosition, after: DeskPosition) -> None:
    """Writes only the lots that a fill changed."""
    kept = {lot.exec_id: lot for lot in after.lots}
    known = {lot.exec_id: lot for lot in before.lots}
    row.lots.filter(exec_id__in=known.keys() - kept.keys()).delete()
    opened = [lot_row(row, lot) for exec_id, lot in kept.items() if exec_id not in known]
    Lot.objects.bulk_create(opened, batch_size=ROWS_AT_ONCE)
    for exec_id, lot in kept.items():
        if exec_id in known and lot != known[exec_id]:
            row.lots.filter(exec_id=exec_id).update(**terms_of(lot))


def write_lots(row: Position, lots: Sequence[DeskLot]) -> None:
    """All of them again, in their order: those of one moment are told apart by their ids."""
    row.lots.all().delete()
    Lot.objects.bulk_create([lot_row(row, lot) for lot in lots], batch_size=ROWS_AT_ONCE)


def lot_row(row: Position, lot: DeskLot) -> Lot:
    return Lot(position=row, exec_id=lot.exec_id, opened_at=lot.opened_at, **terms_of(lot))


def terms_of(lot: DeskLot) -> dict[str, Decimal]:
    """What fills, splits and another cost method change of it."""
    terms = {"quantity": lot.qty, "cost": lot.cost, "price": lot.price}
    return {**terms, "rate": lot.rate, "local_cost": lot.local}


class Booking:
    """Fills of one locked account, worked out in memory and written together."""

    def __init__(self, account: Account, instruments: Mapping[str, Instrument]) -> None:
        self.account, self.instruments, self.state = account, instruments, market_state()
        by_id = {each.pk: each for each in instruments.values()}
        self.rows = {}
        for row in Position.objects.select_for_update().filter(account=account, instrument__in=by_id):
            row.instrument = by_id[row.instrument_id]
            self.rows[row.instrument_id] = row
        for instrument in instruments.values():
            if instrument.pk not in self.rows:
                self.rows[instrument.pk] = Position.objects.create(account=account, instrument=instrument)
        self.before = {symbol: desk_position(self.rows[each.pk]) for symbol, each in instruments.items()}
        self.after = {symbol: inventory_of(account, position) for symbol, position in self.before.items()}
        self.journals: list[tuple[Journal, tuple[Line, ...]]] = []

    def take(self, fill: Fill) -> None:
        instrument, held = self.instruments[fill.symbol], self.after[fill.symbol]
        cost, local, realized = held.cost, held.local, held.take(fill)
        row = self.rows[instrument.pk]
        row.realized_pnl += realized
        row.commission += fill.commission
        lines = lines_of_fill(fill, held.cost - cost, realized)
        journal = journal_of(fill, instrument, self.account, self.state)
        journal.tell_local(fill.currency, fill.rate, fill.local_flow, fill.local_flow + held.local - local)
        self.journals.append((journal, lines))
        self.account.cash += fill.cash_flow

    def save(self) -> None:
        booked = Journal.objects.bulk_create([journal for journal, _ in self.journals], batch_size=ROWS_AT_ONCE)
        lines = zip(booked, (lines for _, lines in self.journals), strict=True)
        LedgerEntry.objects.bulk_create(
            [LedgerEntry(journal=row, book=line.book, amount=line.amount) for row, own in lines for line in own],
            batch_size=ROWS_AT_ONCE,
        )
        for symbol, after in self.after.items():
            row = self.rows[self.instruments[symbol].pk]
            row.quantity, row.cost, row.local_cost = after.qty, after.cost, after.local
            row.save(update_fields=["quantity", "cost", "local_cost", "realized_pnl", "commission"])
            save_lots(row, self.before[symbol], after.position)
        self.account.save(update_fields=["cash"])


def book(account: Account, fills: Sequence[Fill]) -> None:
    """Books fills of a locked account; raises ValueError for one that closes more than is open."""
    named = Instrument.objects.filter(symbol__in={fill.symbol for fill in fills})
    booking = Booking(account, {each.symbol: each for each in named})
    for fill in fills:
        booking.take(fill)
    booking.save()


def journal_of(fill: Fill, instrument: Instrument, account: Account, state: MarketStatus) -> Journal:
    """What a fill is booked as; the day is that of its instrument's session."""
    return Journal(
        account=account,
        ref=fill.exec_id,
        kind=fill.side.value,
        instrument=instrument,
        quantity=fill.last_qty if fill.side is Side.BUY else -fill.last_qty,
        price=fill.last_px,
        session_date=session_date_at(instrument.calendar, fill.at) or session_now(state, fill.at) or fill.at.date(),
        at=fill.at,
    )


def session_now(state: MarketStatus, at: datetime) -> date | None:
    """The feed's session, for a fill of it."""
    return state.session_date if state.opens_at is None or at >= state.opens_at else None
