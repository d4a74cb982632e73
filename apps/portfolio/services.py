"""Every write to accounts, positions and the ledger: one transaction each, the account's row locked first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import BigIntegerField, Max, Min
from django.utils import timezone

from apps.accounts.models import User
from apps.desk.fill import Fill
from apps.desk.ledger import CASH, Line, lines_of_deposit, lines_of_withdrawal
from apps.desk.money import ZERO, decimal_of
from apps.live.prepared import Given, PreparedInsert, PreparedUpdate
from apps.market.fields import MoneyField
from apps.market.models import Instrument
from apps.market.queries import market_state
from apps.market.quotes import board
from apps.market.upsert import upsert

from .bookkeeping import book, lock, write
from .models import (
    Account,
    EquityPoint,
    HighWater,
    HoldChange,
    Journal,
    LedgerCheck,
    LedgerPart,
    PartSum,
    Position,
    SessionEquity,
)
from .news import tell
from .queries import LEDGER_CHECK, free_to_open, holdings_of, portfolio_value
from .sessions import not_closed, reached
from .sums import next_part, plain_sums, with_a_part_due
from .value import PortfolioView
from .yardsticks import Measure, measured_by

LARGEST_DEPOSIT = Decimal(1_000_000_000)
ACCOUNTS_AT_ONCE = 200
ACCOUNTS_BEFORE_A_REST = 100
RESERVED = PreparedUpdate(
    lambda: Account.objects.filter(pk=Given("account", BigIntegerField())), reserved=Given("reserved", MoneyField())
)
HELD = PreparedInsert(HoldChange)


class NotAvailable(Exception):
    """What should be held back or given back is not there (a fault of the caller: the rules ask first)."""


@transaction.atomic
def open_account(user: User, deposit: Decimal | int | None = None) -> Account:
    """The user's account, opened with paper cash (the PAPER_CASH setting, unless said) if there was none."""
    account, opened = Account.objects.get_or_create(user=user, defaults={"opened_at": timezone.now()})
    if opened:
        HELD.save(HoldChange(account=account, was=ZERO, reserved=ZERO, at=account.opened_at))
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
    """Takes paper cash away once per `ref`: what working orders hold back stays, and on margin what positions need.

    Raises ValueError for what is no positive whole number of cents, NotAvailable for more than is free.
    """
    lines, locked = lines_of_withdrawal(decimal_of(amount)), lock(account.pk)
    free = free_to_open(locked)
    if free is None:
        raise NotAvailable(f"{locked}: what is free is not known while a price is missing")
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
        tell(locked, kind, memo, tone="success" if kind == "deposit" else "info", amount=str(amount))
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
    book(account, [fill])
    return True


@transaction.atomic
def book_fills(account: Account, fills: Sequence[Fill]) -> None:
    """Books many fills that are not booked yet, with a few statements for all of them.

    Raises ValueError for one that closes more than is open; what becomes of cash is the caller's to ask first.
    """
    locked = lock(account.pk)
    book(locked, fills)
    sum_up(locked.pk)
    account.cash = locked.cash


@transaction.atomic
def hold_cash(account: Account, usd: Decimal, at: datetime) -> None:
    """Holds money back for a working order that opens."""
    locked = lock(account.pk)
    hold_in_locked(locked, usd, at)
    account.cash, account.reserved = locked.cash, locked.reserved


def hold_in_locked(locked: Account, usd: Decimal, at: datetime) -> None:
    """The same for whoever has locked and read the account in this transaction and has not changed it since."""
    if usd < 0 or (usd > locked.cash - locked.reserved and not locked.on_margin):
        raise NotAvailable(f"{usd} USD of {locked.cash - locked.reserved} free")
    hold_so_much(locked, locked.reserved + usd, at)


@transaction.atomic
def release_cash(account: Account, usd: Decimal, at: datetime) -> None:
    """Gives back money held for an order that opens."""
    locked = lock(account.pk)
    if usd < 0 or usd > locked.reserved:
        raise NotAvailable(f"{usd} USD of {locked.reserved} held back")
    hold_so_much(locked, locked.reserved - usd, at)
    account.cash, account.reserved = locked.cash, locked.reserved


def hold_so_much(locked: Account, usd: Decimal, at: datetime) -> None:
    """Keeps since when it does, for what is asked of the past: as of the moment that the caller's bookings are of."""
    if usd == locked.reserved:
        return
    HELD.save(HoldChange(account=locked, was=locked.reserved, reserved=usd, at=at))
    locked.reserved = usd
    RESERVED.run(account=locked.pk, reserved=usd)


@transaction.atomic
def hold_shares(account: Account, instrument: Instrument, qty: Decimal) -> None:
    """Holds shares, held or owed, back for a working order that closes."""
    lock(account.pk)
    row = Position.objects.select_for_update().filter(account=account, instrument=instrument).first()
    free = abs(row.quantity) - row.reserved if row else ZERO
    if row is None or qty < 0 or qty > free:
        raise NotAvailable(f"{qty} {instrument.symbol} of {free} free")
    row.reserved += qty
    row.save(update_fields=["reserved"])


@transaction.atomic
def release_shares(account: Account, instrument: Instrument, qty: Decimal) -> None:
    """Gives back shares held for an order that closes."""
    lock(account.pk)
    row = Position.objects.select_for_update().filter(account=account, instrument=instrument).first()
    if row is None or qty < 0 or qty > row.reserved:
        raise NotAvailable(f"{qty} {instrument.symbol} of {row.reserved if row else 0} held back")
    row.reserved -= qty
    row.save(update_fields=["reserved"])


def take_equity_points(now: datetime) -> Iterator[int]:
    """Keeps what every account is worth this minute; again within the minute changes nothing.

    Says after some of them how many they were: who takes them may rest before the next.
    """
    minute, last = now.replace(second=0, microsecond=0), 0
    while accounts := list(Account.objects.filter(pk__gt=last).order_by("pk")[:ACCOUNTS_BEFORE_A_REST]):
        values = [portfolio_value(held, board, now) for held in holdings_of(accounts)]
        points = [(each.account_id, minute, each.equity) for each in values]
        upsert(EquityPoint, ("account", "at", "equity"), points, unique=["account", "at"])
        raise_high_water(values, now)
        last = accounts[-1].pk
        yield len(points)


def raise_high_water(values: Iterable[PortfolioView], now: datetime) -> None:
    """Keeps the best P&L of each account; the first that is above zero, too, for an account opens with none."""
    earned = {each.account_id: each.total_pnl for each in values if each.total_pnl is not None and each.total_pnl > 0}
    if not earned:
        return
    best = dict(HighWater.objects.filter(account__in=earned).values_list("account", "pnl"))
    risen = [(account, pnl, now) for account, pnl in earned.items() if pnl > best.get(account, ZERO)]
    upsert(HighWater, ("account", "pnl", "at"), risen, unique=["account"], update=["pnl", "at"])


def keep_session_equity(now: datetime) -> int:
    """Keeps what every account was worth when the session on record ended; again changes nothing."""
    state, kept = market_state(), 0
    session, measure = state.session_date, measured_by(state)
    while session is not None and (due := not_closed(session)[:ACCOUNTS_AT_ONCE]):
        kept += close_accounts(due, session, now, measure)
    if kept:
        for account_id in with_a_part_due():
            sum_up(account_id)
    return kept


def sum_up(account_id: int) -> int:
    """Keeps the sums of every whole part of an account's bookings that has none yet; says of how many."""
    kept = 0
    while keep_part(account_id):
        kept += 1
    return kept


@transaction.atomic
def keep_part(account_id: int) -> bool:
    """Keeps the sums of the next part; False while there are too few bookings for one."""
    lock(account_id)
    if not (ids := next_part(account_id)):
        return False
    own = Journal.objects.filter(account=account_id, id__gte=ids[0], id__lte=ids[-1])
    bounds = own.aggregate(begins_at=Min("at"), ends_at=Max("at"))
    part = LedgerPart.objects.create(account_id=account_id, first_id=ids[0], last_id=ids[-1], **bounds)
    sums = plain_sums(account_id, [(ids[0], ids[-1])])
    PartSum.objects.bulk_create(
        PartSum(part=part, instrument_id=instrument, kind=kind, **asdict(each))
        for (instrument, kind), each in sums.items()
    )
    return True


@transaction.atomic
def close_accounts(account_ids: list[int], session: date, now: datetime, measure: Measure) -> int:
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
            realized=each.realized + each.income,
            fees=each.fees,
            unrealized=each.unrealized,
            last_journal_id=last_journal,
            stale_value=each.stale_value,
            risk_free=measure.risk_free,
            sessions_a_year=measure.sessions_a_year,
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
