"""What one symbol earned: what was realised in a span, and what is not realised yet."""

from __future__ import annotations

from decimal import Decimal

from .money import ZERO
from .performance_words import figure


@figure("Realised in the span", "signed_usd")
def symbol_realized(gained: Decimal, commission: Decimal) -> Decimal | None:
    """What closing shares of the symbol brought in the span, less what they had cost, less the commission of all its
    fills in the span, opening ones too.

    None where nothing of it was traded in the span.

    Source: follows from the ledger (books realized and commission).
    """
    return gained - commission


@figure("Unrealised now", "signed_usd")
def symbol_unrealized(market_value: Decimal | None, cost: Decimal) -> Decimal | None:
    """What the symbol's open shares are worth now, less what they cost, whenever they were bought; of shares that are
    owed what they fetched, less what they would cost now.

    None while there is no price.

    Source: follows from the ledger and the mark (market value less cost of open lots).
    """
    return None if market_value is None else market_value - cost


@figure("Together", "signed_usd")
def symbol_pnl(realized: Decimal | None, unrealized: Decimal | None) -> Decimal | None:
    """Realised in the span plus unrealised now. Over all of an account's time the symbols are all that it earned
    but dividends and interest; in a shorter span what is not realised may be older than the span.

    None while there is no price of what is open.

    Source: follows from the ledger (realised + unrealised P&L = cash flow + market value).
    """
    return None if unrealized is None else (realized or ZERO) + unrealized
