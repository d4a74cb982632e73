"""The kinds of bookings, with what a trader calls them."""

from __future__ import annotations

KINDS = {
    "buy": "Buy",
    "sell": "Sell",
    "deposit": "Deposit",
    "withdrawal": "Withdrawal",
    "dividend": "Dividend",
    "interest": "Interest",
    "split": "Split",
    "in_lieu": "Cash in lieu",
    "cost_method": "Cost method",
}
