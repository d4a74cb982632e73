"""Every write to accounts, positions and the ledger: one transaction each, the account's row locked first."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from apps.accounts.models import User
from apps.desk.fill import Fill
from apps.desk.ledger import CASH, FUNDING, Line, lines_of_buy, lines_of_deposit, lines_of_sell, lines_of_withdrawal
from apps.desk.money import ZERO, decimal_of
from apps.desk.order import Side
from apps.desk.position import Position as DeskPosition
from apps.desk.position import buy, sell
from apps.live.announce import announce
from apps.live.topics import user_stream
from apps.market.hours import session_date_at
from apps.market.models import Instrument
from apps.market.queries import market_state
from apps.market.quotes import board

from .models import Account, EquityPoint, HighWater, Journal, LedgerCheck, LedgerEntry, Position, SessionEquity
from .queries import LEDGER_CHECK, desk_lot, holdings_of, portfolio_value
from .sessions import not_closed, reached
from .value import PortfolioView

LARGEST_DEPOSIT = Decimal(1_000_000_000)
ACCOUNTS_AT_ONCE = 200


class NotAvailable(Exception):
    """What should be held back or given back is not there (a fault of the caller: the rules ask first)."""


def topics_of(account_id: int) -> list[str]:
    """The fragments that show the account as a whole, or what share of it a position is."""
    held = Position.objects.filter(account=account_id, quantity__gt=0).values_list("instrument__symbol", flat=True)
    whole = [f"{kind}/{account_id}" for kind in ("account", "positions", "ledger", "breakdown")]
    return [*whole, *(f"position/{account_id}:{symbol}" for symbol in held)]


@transaction.atomic
def open_account(user: User, deposit: Decimal | int | None = None) -> Account:
    """The user's account, opened with paper cash (the PAPER_CASH setting, unless said) if there was none."""
    account, opened = Account.objects.get_or_create(user=user, defaults={"opened_at": timezone.now()})
    amount = Decimal(settings.PAPER_CASH if deposit is None else deposit)
    if opened and amount:
        fund(account, amount, f"opening:{account.pk}", "Paper cash to start with")
    return account


def deposit(account: Account, amount: Decimal, ref: str, memo: str) -> Journal:
    """Books paper cash once per `ref`. Raises ValueError for what is no positive whole number of cents."""
    return fund(account, amount, ref, memo)


@transaction.atomic
def fund(account: Account, amount: Decimal, ref: str, memo: str) -> Journal:
    if decimal_of(amount) > LARGEST_DEPOSIT:
        raise ValueError(f"a deposit is {LARGEST_DEPOSIT:,} USD at most, not {amount:,}")
    return move_cash(account, "deposit", lines_of_deposit(amount), ref, memo)


@transaction.atomic
def withdraw(account: Account, amount: Decimal, ref: str, memo: str) -> Journal:
    """Takes paper cash away once per `ref`: what working orders hold back stays.

    Raises ValueError for what is no positive whole number of cents, NotAvailable for more than is free.
    """
    lines, locked = lines_of_withdrawal(decimal_of(amount)), lock(account.pk)
    free = locked.cash - locked.reserved
    if amount > free and not Journal.objects.filter(account=locked, ref=ref).exists():
        raise NotAvailable(f"{locked}: {amount:,.2f} USD asked for, {free:,.2f} free")
    return move_cash(account, "withdrawal", lines, ref, memo)


def move_cash(account: Account, kind: str, lines: tuple[Line, ...], ref: str, memo: str) -> Journal:
    """Books the lines once per `ref`, and tells the account's owner."""
    locked = lock(account.pk)
    booked = Journal.objects.filter(account=locked, ref=ref).first()
    if booked is None:
        booked = write(locked, lines, Journal(ref=ref, kind=kind, memo=memo, at=timezone.now()))
        amount = abs(sum((line.amount for line in lines if line.book == CASH), ZERO))
        facts = {"amount": str(amount), "memo": memo, "tone": "success" if kind == "deposit" else "info"}
        topics = topics_of(locked.pk)
        announce(user_stream(locked.user_id), f"account.{kind}", facts, topics=topics, toast=True)
    account.cash = locked.cash
    return booked


@transaction.atomic
def book_fill(account_id: int, fill: Fill) -> bool:
    """Books a fill once per exec_id: ledger, lots, position, cash. False when it was booked before.

    The order's own event tells of it, in the same transaction.
    """
    account = lock(account_id)
    if Journal.objects.filter(ref=fill.exec_id).exists():
        return False
    instrument = Instrument.objects.get(symbol=fill.symbol)
    row, _ = Position.objects.select_for_update().get_or_create(account=account, instrument=instrument)
    before = DeskPosition(fill.symbol, tuple(desk_lot(lot) for lot in row.lots.all()))
    if fill.side is Side.BUY:
        after, realized, lines = buy(before, fill), ZERO, lines_of_buy(fill)
    else:
        sold = sell(before, fill)
        after, realized, lines = sold.position, sold.realized, lines_of_sell(fill, sold.cost_relieved)
    save_lots(row, before, after)
    row.quantity, row.cost = after.qty, after.cost
    row.realized_pnl += realized
    row.commission += fill.commission
    row.save(update_fields=["quantity", "cost", "realized_pnl", "commission"])
    journal = Journal(
        ref=fill.exec_id,
        kind=fill.side.value,
        instrument=instrument,
        quantity=fill.last_qty if fill.side is Side.BUY else -fill.last_qty,
        price=fill.last_px,
        session_date=session_date_at(instrument.calendar, fill.at) or market_state().session_date or fill.at.date(),
        at=fill.at,
    )
    write(account, lines, journal)
    return True


@transaction.atomic
def hold_cash(account: Account, usd: Decimal) -> None:
    """Holds cash back for a working buy."""
    locked = lock(account.pk)
    if usd < 0 or usd > locked.cash - locked.reserved:
        raise NotAvailable(f"{usd} USD of {locked.cash - locked.reserved} free")
    keep_reserved(account, locked, locked.reserved + usd)


@transaction.atomic
def release_cash(account: Account, usd: Decimal) -> None:
    """Gives back cash held for a buy."""
    locked = lock(account.pk)
    if usd < 0 or usd > locked.reserved:
        raise NotAvailable(f"{usd} USD of {locked.reserved} held back")
    keep_reserved(account, locked, locked.reserved - usd)


def keep_reserved(account: Account, locked: Account, reserved: Decimal) -> None:
    """Saves it, and keeps the caller's copy of the account true."""
    locked.reserved = reserved
    locked.save(update_fields=["reserved"])
    account.cash, account.reserved = locked.cash, locked.reserved


@transaction.atomic
def hold_shares(account: Account, instrument: Instrument, qty: Decimal) -> None:
    """Holds shares back for a working sell."""
    lock(account.pk)
    row = Position.objects.select_for_update().filter(account=account, instrument=instrument).first()
    if row is None or qty < 0 or qty > row.quantity - row.reserved:
        raise NotAvailable(f"{qty} {instrument.symbol} of {row.quantity - row.reserved if row else 0} free")
    row.reserved += qty
    row.save(update_fields=["reserved"])


@transaction.atomic
def release_shares(account: Account, instrument: Instrument, qty: Decimal) -> None:
    """Gives back shares held for a sell."""
    lock(account.pk)
    row = Position.objects.select_for_update().filter(account=account, instrument=instrument).first()
    if row is None or qty < 0 or qty > row.reserved:
        raise NotAvailable(f"{qty} {instrument.symbol} of {row.reserved if row else 0} held back")
    row.reserved -= qty
    row.save(update_fields=["reserved"])


def take_equity_points(now: datetime) -> int:
    """Keeps what every account is worth this minute, some at a time; again within the minute changes nothing."""
    minute, taken, last = now.replace(second=0, microsecond=0), 0, 0
    while accounts := list(Account.objects.filter(pk__gt=last).order_by("pk")[:ACCOUNTS_AT_ONCE]):
        values = [portfolio_value(held, board, now) for held in holdings_of(accounts)]
        points = [EquityPoint(account_id=each.account_id, at=minute, equity=each.equity) for each in values]
        EquityPoint.objects.bulk_create(points, ignore_conflicts=True)
        raise_high_water(values, now)
        taken, last = taken + len(points), accounts[-1].pk
    return taken


def raise_high_water(values: Iterable[PortfolioView], now: datetime) -> None:
    """Keeps the best P&L of each account; the first that is above zero, too, for an account opens with none."""
    earned = {each.account_id: each.total_pnl for each in values if each.total_pnl is not None}
    best = dict(HighWater.objects.filter(account__in=earned).values_list("account", "pnl"))
    risen = {account: pnl for account, pnl in earned.items() if pnl > best.get(account, ZERO)}
    rows = [HighWater(account_id=account, pnl=pnl, at=now) for account, pnl in risen.items()]
    HighWater.objects.bulk_create(rows, update_conflicts=True, unique_fields=["account"], update_fields=["pnl", "at"])


def keep_session_equity(now: datetime) -> int:
    """Keeps what every account was worth when the session on record ended; again changes nothing."""
    session, kept = market_state().session_date, 0
    while session is not None and (due := not_closed(session)[:ACCOUNTS_AT_ONCE]):
        kept += close_accounts(due, session, now)
    return kept


@transaction.atomic
def close_accounts(account_ids: list[int], session: date, now: datetime) -> int:
    """Values them with their books standing still, so that no flow is on one side of the close only."""
    accounts = list(Account.objects.select_for_update().filter(pk__in=account_ids).order_by("pk"))
    so_far = reached(account_ids)
    rows = []
    for each in [portfolio_value(held, board, now) for held in holdings_of(accounts)]:
        flow, last_journal = so_far[each.account_id]
        row = SessionEquity(
            account_id=each.account_id,
            session_date=session,
            at=now,
            equity=each.equity,
            flow=flow,
            realized=each.realized,
            fees=each.fees,
            unrealized=each.unrealized,
            last_journal_id=last_journal,
        )
        rows.append(row)
    SessionEquity.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)


@transaction.atomic
def keep_ledger_check(at: datetime, found: dict[str, Any]) -> dict[str, Any]:
    """Keeps what the newest check found; says what was found by the one before."""
    figures = {"at": at, "wrong": sum(each["wrong"] for each in found.values()), "found": found}
    row, made = LedgerCheck.objects.select_for_update().get_or_create(pk=LEDGER_CHECK, defaults=figures)
    before: dict[str, Any] = {} if made else row.found
    LedgerCheck.objects.filter(pk=LEDGER_CHECK, at__lt=at).update(**figures)
    return before


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
            row.lots.filter(exec_id=exec_id).update(quantity=lot.qty, cost=lot.cost)
