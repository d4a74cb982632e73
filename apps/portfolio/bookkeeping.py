"""How a journal comes into the books; whoever calls has a transaction, and the account's lock from here."""

from __future__ import annotations

from apps.desk.ledger import CASH, FUNDING, Line
from apps.desk.money import ZERO
from apps.desk.position import Position as DeskPosition
from apps.market.quotes import board

from .models import Account, Journal, LedgerEntry, Position
from .queries import holdings_of, portfolio_value


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
    for exec_id, lot in kept.items():
        if exec_id not in known:
            row.lots.create(exec_id=exec_id, quantity=lot.qty, cost=lot.cost, price=lot.price, opened_at=lot.opened_at)
        elif lot != known[exec_id]:
            row.lots.filter(exec_id=exec_id).update(quantity=lot.qty, cost=lot.cost, price=lot.price)
