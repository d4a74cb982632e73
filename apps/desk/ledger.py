"""Facts as balanced journal lines: debits positive, credits negative, USD to the cent."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from .fill import Fill
from .money import ZERO, cents
from .order import Side

CASH = "cash"
SECURITIES = "securities"
COMMISSION = "commission"
REALIZED = "realized"
FUNDING = "funding"
BOOKS = (CASH, SECURITIES, COMMISSION, REALIZED, FUNDING)


class Unbalanced(Exception):
    """The lines of one journal do not sum to zero."""


@dataclass(frozen=True, slots=True)
class Line:
    book: str
    amount: Decimal


def lines_of_buy(fill: Fill) -> tuple[Line, ...]:
    """Cash becomes securities at cost; commission is an expense."""
    if fill.side is not Side.BUY:
        raise ValueError(f"{fill.exec_id} is a {fill.side}")
    return balanced(Line(CASH, fill.cash_flow), Line(SECURITIES, fill.notional), Line(COMMISSION, fill.commission))


def lines_of_sell(fill: Fill, cost_relieved: Decimal) -> tuple[Line, ...]:
    """Securities leave at cost; what they fetched above it is income (a credit)."""
    if fill.side is not Side.SELL:
        raise ValueError(f"{fill.exec_id} is a {fill.side}")
    return balanced(
        Line(CASH, fill.cash_flow),
        Line(SECURITIES, -cost_relieved),
        Line(COMMISSION, fill.commission),
        Line(REALIZED, cost_relieved - fill.notional),
    )


def lines_of_deposit(amount: Decimal) -> tuple[Line, ...]:
    """Cash that came from outside."""
    if amount <= 0 or amount != cents(amount):
        raise ValueError(f"a deposit is a positive number of whole cents, not {amount}")
    return balanced(Line(CASH, amount), Line(FUNDING, -amount))


def lines_of_withdrawal(amount: Decimal) -> tuple[Line, ...]:
    """Cash that left."""
    if amount <= 0 or amount != cents(amount):
        raise ValueError(f"a withdrawal is a positive number of whole cents, not {amount}")
    return balanced(Line(CASH, -amount), Line(FUNDING, amount))


def balanced(*lines: Line) -> tuple[Line, ...]:
    """The lines that say something, cash always. Raises Unbalanced unless they sum to zero."""
    if (total := sum((line.amount for line in lines), ZERO)) != 0:
        raise Unbalanced(f"{lines} sum to {total}")
    return tuple(line for line in lines if line.amount or line.book == CASH)
