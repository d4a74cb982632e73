"""On which terms an account trades: with its own cash or on margin, and by which cost method."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from apps.desk.ledger import CASH, INTEREST, REALIZED, SECURITIES, Line, balanced, lines_of_income
from apps.desk.money import ZERO
from apps.desk.position import CostMethod
from apps.market.quotes import board

from .bookkeeping import lock, write, write_lots
from .borrowing import owed_by
from .models import Account, AccountKind, Journal, KindChange, Position
from .news import tell
from .queries import holdings_of, portfolio_value
from .rebuilding import rebuilt

LEAST_EQUITY = Decimal(2_000)
"""What an account on margin must have (USD). Source: FINRA Rule 4210(b)(4)."""


class NotPossible(Exception):
    """The account stays as it is; the message says what is in the way."""


@transaction.atomic
def set_kind(account: Account, kind: AccountKind) -> bool:
    """Says from when on it was so, for what is asked of the past. False where nothing changes. Raises NotPossible for
    too little equity, or while something is borrowed, owed or held back on margin."""
    locked, now = lock(account.pk), timezone.now()
    if locked.kind == kind:
        return False
    if kind == AccountKind.MARGIN:
        check_margin(locked)
        locked.interest_until = now.date()
    else:
        check_cash(locked)
        locked.interest_until = None
    KindChange.objects.create(account=locked, was=locked.kind, kind=kind.value, at=now)
    locked.kind = kind.value
    locked.save(update_fields=["kind", "interest_until"])
    tell(locked, "kind", f"It is a {kind.label.lower()} account from now on")
    account.kind = locked.kind
    return True


def check_margin(account: Account) -> None:
    view = portfolio_value(holdings_of([account])[0], board)
    if not view.is_priced:
        raise NotPossible("What the account is worth is not known while a price is missing; try again later")
    if view.equity < LEAST_EQUITY:
        raise NotPossible(f"Margin takes {LEAST_EQUITY:,.2f} USD of equity; the account has {view.equity:,.2f}")


def check_cash(account: Account) -> None:
    if account.cash < 0:
        raise NotPossible(f"{-account.cash:,.2f} USD are borrowed; sell or deposit until no cash is owed")
    if short := Position.objects.filter(account=account, quantity__lt=0).select_related("instrument").first():
        raise NotPossible(f"{short.instrument.symbol} is sold short; buy to cover it first")
    if account.reserved:
        raise NotPossible("Working orders would open positions on margin; cancel them first")


@transaction.atomic
def set_cost_method(account: Account, method: CostMethod) -> bool:
    """Works out every position again from all its fills. What the new method makes of the past is booked now, a line
    for each symbol that it changes: what was booked before stays as it was. False where nothing changes."""
    locked, now = lock(account.pk), timezone.now()
    if locked.cost_method == method:
        return False
    again = rebuilt(locked.pk, method)
    for row in Position.objects.select_for_update().filter(account=locked).select_related("instrument"):
        found = again[row.instrument.symbol]
        write_lots(row, found.position.lots)
        cost, realized = found.position.cost - row.cost, found.realized - row.realized_pnl
        row.cost, row.local_cost, row.realized_pnl = found.position.cost, found.position.local, found.realized
        row.save(update_fields=["cost", "local_cost", "realized_pnl"])
        if not cost and not realized:
            continue
        journal = Journal(
            ref=f"cost-method:{locked.pk}:{row.instrument_id}:{now:%Y%m%dT%H%M%S.%f}",
            kind="cost_method",
            memo=f"{row.instrument.symbol} by {method.label.lower()}",
            instrument=row.instrument,
            at=now,
        )
        lines = Line(CASH, ZERO), Line(SECURITIES, cost), Line(REALIZED, -realized)
        write(locked, balanced(*lines), journal)
    locked.cost_method = method.value
    locked.save(update_fields=["cost_method"])
    tell(locked, "cost_method", f"Sales take shares by {method.label.lower()}, those of before too")
    account.cost_method = locked.cost_method
    return True


def charge_interest(today: date) -> int:
    """Books what borrowed cash and borrowed shares have cost since they were last paid for, each account by itself;
    says for how many."""
    owing = Account.objects.filter(kind=AccountKind.MARGIN).exclude(interest_until__gte=today)
    return sum(charge(pk, today) for pk in list(owing.values_list("pk", flat=True)))


@transaction.atomic
def charge(account_id: int, today: date) -> bool:
    """False where nothing is owed. A day counts with what is borrowed when it is over."""
    account = lock(account_id)
    since = account.interest_until or today
    if not account.on_margin or since >= today:
        return False
    owed = owed_by(account, since, today)
    account.interest_until = today
    account.interest -= sum((each.cost for each in owed), ZERO)
    account.save(update_fields=["interest", "interest_until"])
    for each in owed:
        facts = {"kind": each.kind, "memo": each.memo, "instrument": each.instrument, "at": timezone.now()}
        write(account, lines_of_income(INTEREST, -each.cost), Journal(ref=each.ref, **facts))
        tell(account, each.kind, f"{each.cost:,.2f} USD: {each.memo}")
    return bool(owed)
