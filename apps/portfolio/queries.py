"""What the books say of accounts: a constant number of SQL queries, whatever the rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import F, OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce

from apps.desk import ledger as books
from apps.desk.calendar import ALWAYS
from apps.desk.currency import pair_of, rate_at
from apps.desk.money import ZERO
from apps.desk.position import CostMethod, Inventory
from apps.desk.position import Lot as DeskLot
from apps.desk.position import Position as DeskPosition
from apps.live.activity import last_told_each
from apps.live.known import Known
from apps.live.moments import micros
from apps.market.hours import close_before, day_before
from apps.market.models import Instrument
from apps.market.queries import MarketStatus, market_state, pairs_listed, session_date_of
from apps.market.quotes import board

from .models import Account, HighWater, Journal, LedgerCheck, LedgerEntry, Lot, Position
from .value import Holding, Holdings, PortfolioView, PositionView, portfolio_value

LEDGER_CHECK = 1

__all__ = [
    "LEDGER_CHECK",
    "Holding",
    "Holdings",
    "PortfolioView",
    "PositionView",
    "account_id",
    "account_of",
    "best_pnl",
    "cash_mismatches",
    "free_to_open",
    "holding",
    "holdings_of",
    "last_ledger_check",
    "load_holdings",
    "portfolio_value",
    "position_mismatches",
    "unbalanced_journals",
]


def account_of(user: Any) -> Account | None:
    """The user's account; None for who has none."""
    return Account.objects.filter(user=user).first()


account_id = Known("account", lambda user: Account.objects.filter(user=user).values_list("pk", flat=True))


def holding(account: Account, symbol: str) -> tuple[Decimal, Decimal]:
    """Shares held, below zero those owed, and shares held back for orders that close."""
    row = Position.objects.filter(account=account, instrument__symbol=symbol).first()
    return (row.quantity, row.reserved) if row else (ZERO, ZERO)


def load_holdings(account_id: int, *, lots: bool = False) -> Holdings:
    """The account as booked. Raises Account.DoesNotExist."""
    account = Account.objects.get(pk=account_id)
    return holdings_of([account], lots=lots)[0]


def holdings_of(accounts: list[Account], *, lots: bool = False) -> list[Holdings]:
    """Many accounts as booked, at the cost of one."""
    ids, state = [account.pk for account in accounts], market_state()
    told = last_told_each([account.user_id for account in accounts])
    positions = Position.objects.filter(account__in=ids).select_related("instrument").order_by("instrument__symbol")
    rows = [(row, session_date_of(row.instrument, state)) for row in positions]
    today = traded_today(ids, rows) if rows else {}
    open_lots: dict[int, list[DeskLot]] = {}
    for lot in Lot.objects.filter(position__account__in=ids) if lots else ():
        open_lots.setdefault(lot.position_id, []).append(desk_lot(lot))
    pairs = pairs_listed(row.instrument.currency for row, _ in rows)
    listed = {pair.symbol for pair in pairs.values()}
    closing = closing_rates(pairs, state)
    held: dict[int, list[Holding]] = {}
    for row, session in rows:
        traded, cash_flow = today.get((row.account_id, row.instrument_id), (ZERO, ZERO))
        of_this_session = row.instrument.session_date == session
        held.setdefault(row.account_id, []).append(
            Holding(
                symbol=row.instrument.symbol,
                name=row.instrument.name,
                quantity=row.quantity,
                reserved=row.reserved,
                cost=row.cost,
                realized=row.realized_pnl,
                fees=row.commission,
                previous_close=row.instrument.previous_close if of_this_session else None,
                traded=traded,
                cash_flow=cash_flow,
                closed_on=close_before(row.instrument.calendar, session),
                lots=tuple(open_lots.get(row.pk, ())),
                dividends=row.dividends,
                currency=row.instrument.currency,
                pair=pair_of(row.instrument.currency, listed),
                local_cost=row.local_cost,
                previous_rate=closing.get((row.instrument.currency, session)),
            )
        )
    return [
        Holdings(
            account_id=account.pk,
            cash=account.cash,
            reserved=account.reserved,
            positions=tuple(held.get(account.pk, ())),
            session_date=state.session_date if state.calendar == ALWAYS else None,
            changed_us=told.get(account.user_id) or micros(account.opened_at),
            on_margin=account.on_margin,
            interest=account.interest,
        )
        for account in accounts
    ]


def traded_today(ids: list[int], rows: list[tuple[Position, date | None]]) -> dict[tuple[int, int], list[Decimal]]:
    """What the sessions of these positions traded so far, by account and instrument: shares and cash (USD)."""
    cash_lines = LedgerEntry.objects.filter(  # one a fill, so that a sum over them counts each fill once
        of_the_day((row.instrument.calendar, session) for row, session in rows),
        book=books.CASH,
        journal__account__in=ids,
        journal__instrument__isnull=False,
    )
    of_session = cash_lines.values_list("journal__account_id", "journal__instrument_id").annotate(
        Sum("journal__quantity"), Sum("amount")
    )
    return {(account, instrument): figures for account, instrument, *figures in of_session}


def closing_rates(
    pairs: Mapping[str, Instrument], state: MarketStatus
) -> dict[tuple[str, date | None], Decimal | None]:
    """By currency and session what a unit was worth at the close of its pair before that (USD)."""
    found: dict[tuple[str, date | None], Decimal | None] = {}
    for currency, pair in pairs.items():
        if pair.previous_close and session_date_of(pair, state) == pair.session_date:
            found[currency, pair.session_date] = rate_at(pair.symbol, pair.previous_close)
    return found


def of_the_day(days: Iterable[tuple[str, date | None]]) -> Q:
    """Of cash lines those of these sessions, by the calendar of their instruments. Where that has hours the day counts
    from the close before, and what was traded after hours since is of it too."""
    wanted = Q(pk=None)
    for calendar, session in {(calendar, session) for calendar, session in days if session}:
        own = Q(journal__instrument__calendar=calendar)
        own &= Q() if calendar == ALWAYS else Q(journal__instrument__session_date=session)
        wanted |= own & within_day(calendar, session)
    return wanted


def within_day(calendar: str, session: date) -> Q:
    before = day_before(calendar, session)
    if before is None:
        return Q(journal__session_date=session)
    return Q(journal__session_date__gte=before.date, journal__at__gt=before.closes_at)


def desk_lot(row: Lot) -> DeskLot:
    return DeskLot(row.exec_id, row.quantity, row.cost, row.price, row.opened_at, row.rate, row.local_cost)


def desk_position(row: Position) -> DeskPosition:
    return DeskPosition(row.instrument.symbol, tuple(desk_lot(lot) for lot in row.lots.all()))


def inventory_of(account: Account, position: DeskPosition) -> Inventory:
    """What takes fills as the account's terms say."""
    return Inventory(position, CostMethod(account.cost_method), may_short=account.on_margin)


def free_to_open(account: Account, holdings: Holdings | None = None) -> Decimal | None:
    """What may be held back or taken out (USD): free cash, on margin the excess over what positions need, which are
    read unless they are given. None while a price is missing that it rests on."""
    if not account.on_margin:
        free: Decimal = account.cash - account.reserved
        return free
    view = portfolio_value(holdings or holdings_of([account])[0], board)
    return view.margin.excess if view.margin and view.is_priced else None


def best_pnl(account: Account) -> Decimal:
    """The most that it had earned in all at any minute (USD); nothing, as it was opened, where it never rose."""
    return HighWater.objects.filter(account=account).values_list("pnl", flat=True).first() or ZERO


def last_ledger_check() -> LedgerCheck | None:
    """What was found when all invariants were last looked at; None before the first time."""
    return LedgerCheck.objects.filter(pk=LEDGER_CHECK).first()


# Do the books agree with themselves? Each answers with what does not; nothing is right.


def unbalanced_journals() -> QuerySet[Journal]:
    """Journals whose lines do not sum to zero, or that have none."""
    return Journal.objects.annotate(total=Sum("entries__amount")).filter(~Q(total=0) | Q(total=None))


def cash_mismatches() -> QuerySet[Account]:
    """Accounts whose cash is not the sum of their cash lines."""
    lines = LedgerEntry.objects.filter(journal__account=OuterRef("pk"), book=books.CASH)
    return Account.objects.annotate(booked=total(lines, "journal__account", "amount")).exclude(cash=F("booked"))


def position_mismatches() -> QuerySet[Position]:
    """Positions whose quantity or cost is not that of their lots."""
    lots = Lot.objects.filter(position=OuterRef("pk"))
    columns = {"quantity": "in_lots", "cost": "lots_cost", "local_cost": "lots_local"}
    in_lots = {name: total(lots, "position", column) for column, name in columns.items()}
    return Position.objects.annotate(**in_lots).exclude(**{column: F(name) for column, name in columns.items()})


def total(rows: QuerySet[Any], by: str, column: str) -> Coalesce:
    """The sum of a column over the rows of one outer row; nothing sums to 0."""
    sums = rows.order_by().values(by).annotate(total=Sum(column)).values("total")
    return Coalesce(Subquery(sums), Value(ZERO, output_field=rows.model._meta.get_field(column)))
