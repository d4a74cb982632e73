"""What an account holds, read once for all that is asked of one order."""

from __future__ import annotations

from decimal import Decimal
from functools import cached_property

from apps.desk.money import ZERO
from apps.portfolio.models import Account
from apps.portfolio.queries import Holdings, free_to_open, holding, holdings_of


class Held:
    """As booked when it was first asked for: the caller holds the account's lock, and writes only afterwards."""

    def __init__(self, account: Account) -> None:
        self.account = account

    @cached_property
    def holdings(self) -> Holdings:
        return holdings_of([self.account])[0]

    def of(self, symbol: str) -> tuple[Decimal, Decimal]:
        """Shares held, below zero those owed, and shares held back for orders that close. On margin every position is
        valued for an order anyhow; a cash account reads the one."""
        if not self.account.on_margin:
            return holding(self.account, symbol)
        rows = (each for each in self.holdings.positions if each.symbol == symbol)
        return next(((each.quantity, each.reserved) for each in rows), (ZERO, ZERO))

    @cached_property
    def free(self) -> Decimal | None:
        """What it may open with (USD); None while a price is missing that this rests on."""
        return free_to_open(self.account, self.holdings if self.account.on_margin else None)
