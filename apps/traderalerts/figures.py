"""The figures that alerts wait for, as they are now."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from apps.market.quotes import board
from apps.portfolio.models import Account
from apps.portfolio.queries import holdings_of, portfolio_value

from .models import OF_PNL, OF_PRICE
from .terms import Terms


def day_pnl_each(user_ids: Iterable[int]) -> dict[int, Decimal]:
    """Of those whose day P&L is known."""
    accounts = list(Account.objects.filter(user__in=list(user_ids)))
    values = zip(accounts, holdings_of(accounts), strict=True) if accounts else ()
    found = {account.user_id: portfolio_value(held, board).day_pnl for account, held in values}
    return {user_id: pnl for user_id, pnl in found.items() if pnl is not None}


def present(terms: Terms, user_id: int) -> Decimal | None:
    """What the figure is now; None where it is not known, and for orders, which have none.

    Prices are those of last trades, as the minutes on record are.
    """
    if terms.kind in OF_PRICE and terms.instrument is not None:
        quote = board.latest(terms.instrument.symbol)
        return quote.last if quote else None
    return day_pnl_each([user_id]).get(user_id) if terms.kind in OF_PNL else None
