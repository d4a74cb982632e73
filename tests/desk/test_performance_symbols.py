"""A symbol's P&L by hand: what was realised, what is not yet, and both."""

from __future__ import annotations

from decimal import Decimal

from apps.desk.performance_symbols import symbol_pnl, symbol_realized, symbol_unrealized


def test_realised_is_after_the_fees_of_all_fills() -> None:
    assert symbol_realized(Decimal(60), Decimal("2.50")) == Decimal("57.50")


def test_unrealised_is_worth_less_cost_long_and_short() -> None:
    assert symbol_unrealized(Decimal(120), Decimal(100)) == 20
    assert symbol_unrealized(Decimal(-120), Decimal(-100)) == -20
    assert symbol_unrealized(None, Decimal(100)) is None


def test_together_is_not_known_while_a_part_of_it_is_not() -> None:
    assert symbol_pnl(Decimal(5), Decimal(-2)) == 3
    assert symbol_pnl(None, Decimal(-2)) == -2
    assert symbol_pnl(Decimal(5), None) is None
