"""What symbols earned: what was realised in a span, what is not realised yet, and what else made the P&L of a span."""

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


@figure("Change of unrealised P&L", "signed_usd")
def unrealized_change(at_end: Decimal, at_start: Decimal) -> Decimal:
    """What all open shares were worth above their cost at the end of the span, less the same at the close before it.
    A share without a price counts as nothing.

    None never: where there is no close before the span, nothing is taken off.

    Source: follows from the ledger and the marks (market value less cost of open lots, at both ends).
    """
    return at_end - at_start


@figure("Less realised since the close", "signed_usd")
def realized_since(realized: Decimal) -> Decimal:
    """What all symbols realised after the close that the span ends with, fees taken off, with the other sign: it is
    within what they realised, and the P&L of the span does not count it yet.

    None never: while a session runs, it is nothing.

    Source: follows from the ledger (books realized and commission, after the last booking of that close).
    """
    return -realized


@figure("Dividends, interest and other", "signed_usd")
def other_pnl(total: Decimal, realized: Decimal, change: Decimal, since: Decimal) -> Decimal:
    """What the span earned beside trading: its P&L, less what all symbols realised until its end, less the change of
    unrealised P&L. That is dividends, interest, and fees that no fill had.

    None never: where nothing else came or went, it is nothing.

    Source: follows from the ledger (books dividends and interest; realized and commission of no symbol).
    """
    return total - (realized + since) - change
