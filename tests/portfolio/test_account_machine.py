"""An account under any order of deposits, reservations, fills and releases, on the real database."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from itertools import count

import pytest
from django.contrib.auth import get_user_model
from django.db.models import Sum
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from apps.desk.fill import Fill
from apps.desk.money import ZERO, cents
from apps.desk.order import Side
from apps.desk.valuation import value_position
from apps.market.models import Instrument, MarketState
from apps.portfolio import queries, services
from apps.portfolio.invariants import OF_BOOKS
from apps.portfolio.models import Account, Journal, LedgerEntry, Position
from tests.desk.build import NOON
from tests.examples import NIGHTLY_RUNS, examples
from tests.rolled_back import RolledBack

SYMBOLS = ("AAPL", "MSFT")
symbols = st.sampled_from(SYMBOLS)
prices = st.integers(1, 50_000).map(lambda ticks: Decimal(ticks).scaleb(-2))
sizes = st.integers(1, 200).map(Decimal)
amounts = st.integers(1, 2_000_000).map(lambda ticks: Decimal(ticks).scaleb(-2))
FEE = Decimal("1.00")


class AccountMachine(RolledBack):
    """What a broker does with one account: never what the rules would have denied, but in any order."""

    @initialize()
    def open(self) -> None:
        MarketState.objects.create(is_open=True, session_date=date(2026, 3, 2))
        self.instruments = {symbol: Instrument.objects.create(symbol=symbol, name=symbol) for symbol in SYMBOLS}
        user = get_user_model().objects.create_user("alice")
        self.account = services.open_account(user, Decimal(10_000))
        self.deposited = Decimal(10_000)
        self.numbers = count(1)
        self.fills: list[Fill] = []
        self.held_cash: list[Decimal] = []
        self.held_shares: list[tuple[str, Decimal]] = []

    @rule(amount=amounts)
    def deposit(self, amount: Decimal) -> None:
        services.deposit(self.account, amount, f"deposit-{next(self.numbers)}", "")
        self.deposited += amount

    @rule(amount=amounts)
    def withdraw(self, amount: Decimal) -> None:
        free = self.now().cash - self.now().reserved
        try:
            services.withdraw(self.account, amount, f"withdrawal-{next(self.numbers)}", "")
        except services.NotAvailable:
            assert amount > free
        else:
            self.deposited -= amount

    @rule(usd=amounts)
    def hold_cash(self, usd: Decimal) -> None:
        free = self.now().cash - self.now().reserved
        try:
            services.hold_cash(self.account, usd, NOON)
        except services.NotAvailable:
            assert usd > free
        else:
            self.held_cash.append(usd)

    @precondition(lambda self: self.held_cash)
    @rule()
    def release_cash(self) -> None:
        services.release_cash(self.account, self.held_cash.pop(), NOON)

    @rule(symbol=symbols, qty=sizes)
    def hold_shares(self, symbol: str, qty: Decimal) -> None:
        held, reserved = queries.holding(self.account, symbol)
        try:
            services.hold_shares(self.account, self.instruments[symbol], qty)
        except services.NotAvailable:
            assert qty > held - reserved
        else:
            self.held_shares.append((symbol, qty))

    @precondition(lambda self: self.held_shares)
    @rule()
    def release_shares(self) -> None:
        symbol, qty = self.held_shares.pop()
        services.release_shares(self.account, self.instruments[symbol], qty)

    @rule(symbol=symbols, qty=sizes, price=prices)
    def buy(self, symbol: str, qty: Decimal, price: Decimal) -> None:
        if cents(qty * price) + FEE <= self.now().cash - self.now().reserved:
            self.book(symbol, Side.BUY, qty, price)

    @rule(symbol=symbols, qty=sizes, price=prices)
    def sell(self, symbol: str, qty: Decimal, price: Decimal) -> None:
        held, reserved = queries.holding(self.account, symbol)
        if qty <= held - reserved and cents(qty * price) >= FEE:
            self.book(symbol, Side.SELL, qty, price)

    @precondition(lambda self: self.fills)
    @rule(data=st.data())
    def book_again(self, data: st.DataObject) -> None:
        assert not services.book_fill(self.account.pk, data.draw(st.sampled_from(self.fills)))

    def book(self, symbol: str, side: Side, qty: Decimal, price: Decimal) -> None:
        exec_id = f"x{next(self.numbers)}"
        fill = Fill(exec_id, "o", symbol, side, qty, price, FEE, "taker", NOON)
        assert services.book_fill(self.account.pk, fill)
        self.fills.append(fill)

    def now(self) -> Account:
        return Account.objects.get(pk=self.account.pk)

    @invariant()
    def the_books_agree_with_themselves(self) -> None:
        assert [each.name for each in OF_BOOKS if each.look().wrong] == []

    @invariant()
    def cash_is_what_came_in_and_what_fills_did(self) -> None:
        assert self.now().cash == self.deposited + sum((fill.cash_flow for fill in self.fills), ZERO)

    @invariant()
    def what_is_held_back_is_what_was_asked_for(self) -> None:
        assert self.now().reserved == sum(self.held_cash, ZERO)
        for symbol in SYMBOLS:
            assert queries.holding(self.account, symbol)[1] == sum(q for s, q in self.held_shares if s == symbol)

    @invariant()
    def positions_are_the_sum_of_fills(self) -> None:
        for symbol in SYMBOLS:
            signed = [f.last_qty if f.side is Side.BUY else -f.last_qty for f in self.fills if f.symbol == symbol]
            booked = Journal.objects.filter(instrument__symbol=symbol).aggregate(total=Sum("quantity"))["total"]
            assert queries.holding(self.account, symbol)[0] == sum(signed, ZERO) == (booked or ZERO)

    @invariant()
    def realised_and_unrealised_are_cash_flow_and_market_value(self) -> None:
        """Commissions counted once, at whatever mark."""
        for row in Position.objects.select_related("instrument"):
            value, unrealized = value_position(row.quantity, row.cost, Decimal("123.45"))
            flow = sum((f.cash_flow for f in self.fills if f.symbol == row.instrument.symbol), ZERO)
            assert row.realized_pnl + unrealized - row.commission == flow + value

    @invariant()
    def books_agree_with_positions(self) -> None:
        totals = LedgerEntry.objects.values_list("book").annotate(Sum("amount")).order_by("book")
        booked = dict(totals)
        sums = Position.objects.aggregate(cost=Sum("cost"), realized=Sum("realized_pnl"), fees=Sum("commission"))
        assert booked.get("securities", ZERO) == (sums["cost"] or ZERO)
        assert booked.get("realized", ZERO) == -(sums["realized"] or ZERO)
        assert booked.get("commission", ZERO) == (sums["fees"] or ZERO)


@pytest.mark.django_db
def test_account_holds_whatever_the_order_of_events():
    """R-ORDER"""
    checks = [HealthCheck.too_slow, HealthCheck.filter_too_much]
    run_state_machine_as_test(
        AccountMachine,
        settings=settings(
            max_examples=examples(30, NIGHTLY_RUNS),
            stateful_step_count=20,
            deadline=None,
            suppress_health_check=checks,
        ),
    )
