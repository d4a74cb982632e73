"""What tests of accounts on margin look at."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from apps.market.quotes import board
from apps.portfolio.models import Account, Position
from apps.portfolio.queries import load_holdings, portfolio_value
from apps.trades.invariants import INVARIANTS


def held() -> tuple[Decimal, Decimal, Decimal, Decimal]:
    row = Position.objects.get()
    return row.quantity, row.cost, row.reserved, row.realized_pnl


def all_holds() -> None:
    assert {each.name: each.ids for each in (invariant.look() for invariant in INVARIANTS) if each.wrong} == {}


def view(account: Account) -> Any:
    return portfolio_value(load_holdings(account.pk), board)
