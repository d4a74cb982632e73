"""The kinds of bookings, with what a trader calls them."""

from __future__ import annotations

KINDS = {
    "buy": "Buy",
    "sell": "Sell",
    "deposit": "Deposit",
    "withdrawal": "Withdrawal",
    "dividend": "Dividend",
    "interest": "Interest",
    "borrow_fee": "Borrow fee",
    "split": "Split",
    "in_lieu": "Cash in lieu",
    "symbol": "Symbol change",
    "cost_method": "Cost method",
}


def called(kind: str) -> str:
    """As a trader reads it; of another release's kind, its own word."""
    return KINDS.get(kind, kind.replace("_", " ").capitalize())
