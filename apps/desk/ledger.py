"""Facts as balanced journal lines: debits positive, credits negative, USD to the cent."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from .fill import Fill
from .money import ZERO, cents

CASH = "cash"
SECURITIES = "securities"
COMMISSION = "commission"
REALIZED = "realized"
FUNDING = "funding"
DIVIDENDS = "dividends"
INTEREST = "interest"
BOOKS = (CASH, SECURITIES, COMMISSION, REALIZED, FUNDING, DIVIDENDS, INTEREST)


class Unbalanced(Exception):
    """The lines of one journal do not sum to zero."""


@dataclass(frozen=True, slots=True)
class Line:
    book: str
    amount: Decimal


def lines_of_fill(fill: Fill, securities: Decimal, realized: Decimal) -> tuple[Line, ...]:
    """Cash against securities at cost: `securities` (USD) is how the cost of what is open changed, below zero for
    what left or is owed. What it `realized` is income (a credit), its commission an expense."""
    return balanced(
        Line(CASH, fill.cash_flow),
        Line(SECURITIES, securities),
        Line(COMMISSION, fill.commission),
        Line(REALIZED, -realized),
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


def lines_of_income(book: str, amount: Decimal) -> tuple[Line, ...]:
    """Dividends or interest: cash that came in, below zero what was paid."""
    if amount == 0 or amount != cents(amount):
        raise ValueError(f"{book} must be whole cents and not nothing, not {amount}")
    return balanced(Line(CASH, amount), Line(book, -amount))


def balanced(*lines: Line) -> tuple[Line, ...]:
    """The lines that say something, cash always. Raises Unbalanced unless they sum to zero."""
    if (total := sum((line.amount for line in lines), ZERO)) != 0:
        raise Unbalanced(f"{lines} sum to {total}")
    return tuple(line for line in lines if line.amount or line.book == CASH)
