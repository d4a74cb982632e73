"""An account on margin under any order of events, long and short: every sum holds after each of them."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from itertools import count
from operator import attrgetter

import pytest
from django.contrib.auth import get_user_model
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule, run_state_machine_as_test

from apps.desk.margin import interest
from apps.desk.money import ZERO
from apps.desk.order import LIMITS, OPEN, WORKING, Effect, OrderType, Side
from apps.desk.position import CostMethod
from apps.desk.quote import Quote
from apps.market.models import Instrument, MarketState
from apps.market.quotes import board
from apps.portfolio import services as portfolio
from apps.portfolio import terms
from apps.portfolio.models import Account, AccountKind, CorporateAction, Position
from apps.portfolio.queries import desk_lot, free_to_open, holding, load_holdings, portfolio_value
from apps.portfolio.rebuilding import rebuilt
from apps.trades import filling, services
from apps.trades.margin_calls import call_margins
from apps.trades.models import Order
from apps.trades.ticket import Placed, Ticket
from tests.examples import NIGHTLY_RUNS, examples
from tests.rolled_back import RolledBack

from .applied import apply_due
from .broken import broken

SYMBOLS = ("AAPL", "MSFT")
START = datetime(2026, 3, 2, 15, tzinfo=UTC)
symbols = st.sampled_from(SYMBOLS)
MARGIN_RATE, BORROW_RATE = Decimal("7.5"), Decimal(3)
away = st.integers(-300, 300).map(lambda ticks: Decimal(ticks).scaleb(-2))


class MarginMachine(RolledBack):
    """One trader on margin, two instruments, and quotes that go where they like."""

    @initialize()
    def open(self) -> None:
        board.clear()
        self.now, self.day, self.numbers = START, START.date(), count(1)
        for symbol in SYMBOLS:
            Instrument.objects.create(symbol=symbol, name=symbol, session_date=self.day, previous_close=Decimal(100))
        MarketState.objects.create(is_open=True, session_date=self.day)
        self.account = portfolio.open_account(get_user_model().objects.create_user("alice"), Decimal(30_000))
        self.deposited = Decimal(30_000)
        terms.set_kind(self.account, AccountKind.MARGIN)
        Account.objects.update(interest_until=self.day)
        for symbol in SYMBOLS:
            self.quote(symbol, Decimal(100), 50)

    @rule(
        symbol=symbols,
        price=st.integers(2_000, 40_000).map(lambda ticks: Decimal(ticks).scaleb(-2)),
        size=st.integers(0, 120),
    )
    def quote(self, symbol: str, price: Decimal, size: int) -> None:
        self.now += timedelta(seconds=1)
        shown = Decimal(size)
        board.put(Quote(symbol, price, price + Decimal("0.02"), shown, shown, price, self.now, self.now))
        self.match(symbol)

    def match(self, symbol: str) -> None:
        assert filling.match_symbol(symbol, board.quotes[symbol], None, self.now).failed == {}

    @rule(
        symbol=symbols,
        side=st.sampled_from(Side),
        kind=st.sampled_from([OrderType.MARKET, OrderType.LIMIT, OrderType.STOP]),
        size=st.integers(1, 60),
        away=away,
        exits=st.sampled_from(["", "", "both", "oco"]),
        reduce_only=st.integers(0, 7).map(lambda drawn: drawn == 7),
    )
    def place(
        self, symbol: str, side: Side, kind: OrderType, size: int, away: Decimal, exits: str, reduce_only: bool
    ) -> None:
        mid, ahead = board.quotes[symbol].mid, Decimal(5) if side is Side.BUY else Decimal(-5)
        price = max((mid + away).quantize(Decimal("0.01")), Decimal(1))
        ticket = Ticket(
            symbol,
            side,
            kind,
            Decimal(size),
            f"ticket-{next(self.numbers)}",
            limit_price=price if kind in LIMITS else None,
            stop_price=price if kind is OrderType.STOP else None,
            take_profit=price + ahead if exits == "both" else None,
            stop_loss=price - ahead if exits == "both" and price > 5 else None,
            oco_stop=price + ahead if exits == "oco" and kind is OrderType.LIMIT and price > 5 else None,
            reduce_only=reduce_only,
        )
        held, reserved = holding(self.account, symbol)
        free = free_to_open(self.row())
        answer = services.place_order(self.account, ticket, self.now)
        if not isinstance(answer, Placed):
            return
        order = answer.order
        closes = held < 0 if side is Side.BUY else held > 0
        assert order.effect == (Effect.CLOSE if closes else Effect.OPEN)
        assert not (reduce_only and order.opens)
        assert order.quantity <= abs(held) - reserved if closes else order.reserved <= (free or ZERO)
        self.match(symbol)

    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        found = list(Order.objects.filter(status__in=OPEN).order_by("created_at", "client_order_id"))
        if found:
            services.cancel_order(self.account, found[data.draw(st.integers(0, len(found) - 1))].pk, self.now)

    @rule(symbol=symbols)
    def close_position(self, symbol: str) -> None:
        held, _ = holding(self.account, symbol)
        answer = services.close_position(self.account, symbol, f"close-{next(self.numbers)}", self.now)
        assert isinstance(answer, Placed) == bool(held)
        self.match(symbol)

    @rule(method=st.sampled_from(CostMethod))
    def change_the_cost_method(self, method: CostMethod) -> None:
        before = self.view().total_pnl
        terms.set_cost_method(self.account, method)
        assert self.view().total_pnl == before

    @rule(symbol=symbols, new=st.integers(1, 4), old=st.integers(1, 4), dividend=st.integers(0, 200))
    def next_day(self, symbol: str, new: int, old: int, dividend: int) -> None:
        """A night of interest, then a split or a dividend before anything is traded."""
        services.expire_day_orders(self.day, self.now)
        self.day += timedelta(days=1)
        self.now += timedelta(days=1)
        self.charge()
        MarketState.objects.update(session_date=self.day)
        for each in SYMBOLS:
            board.put(Quote(each, *self.prices(each), *[self.now] * 2))
            Instrument.objects.filter(symbol=each).update(session_date=self.day, previous_close=self.prices(each)[0])
        action = CorporateAction(instrument=Instrument.objects.get(symbol=symbol), ex_date=self.day)
        if new == old:
            action.kind, action.amount = "dividend", Decimal(dividend).scaleb(-2) + Decimal("0.01")
        else:
            action.kind, action.new, action.old = "split", new, old
        action.save()
        for split in apply_due(self.now):
            bid, ask, *sizes, last = self.prices(symbol)
            self.now += timedelta(milliseconds=1)
            prices = [split.price(bid), split.price(ask), *sizes, split.price(last)]
            board.put(Quote(symbol, *prices, *[self.now] * 2))

    def charge(self) -> None:
        """Every share that is owed is paid for, each symbol by itself, and once."""
        before = self.view()
        owed = interest(before.cash, MARGIN_RATE, self.day - timedelta(days=1), self.day)
        for each in before.open_positions:
            if each.held.quantity < 0:
                owed += (-each.market_value * BORROW_RATE / 36000).quantize(Decimal("0.01"), ROUND_HALF_EVEN)
        assert terms.charge_interest(self.day) == bool(owed)
        assert terms.charge_interest(self.day) == 0
        assert self.view().income == before.income - owed

    def prices(self, symbol: str) -> tuple[Decimal, Decimal, Decimal, Decimal, Decimal]:
        quote = board.quotes[symbol]
        return quote.bid, quote.ask, quote.bid_size, quote.ask_size, quote.last

    @rule()
    def call(self) -> None:
        is_called = self.view().margin.is_called
        assert call_margins(self.now) <= is_called

    @rule(amount=st.integers(1, 100_000).map(lambda ticks: Decimal(ticks).scaleb(-2)))
    def withdraw(self, amount: Decimal) -> None:
        free = free_to_open(self.row())
        try:
            portfolio.withdraw(self.account, amount, f"out-{next(self.numbers)}", "")
        except portfolio.NotAvailable:
            assert free is not None and amount > free
        else:
            self.deposited -= amount

    # What holds

    def row(self) -> Account:
        return Account.objects.get(pk=self.account.pk)

    def view(self):  # type: ignore[no-untyped-def]
        return portfolio_value(load_holdings(self.account.pk), board, self.now)

    @invariant()
    def every_invariant_of_the_live_check_holds(self) -> None:
        assert broken() == {}

    @invariant()
    def what_opens_holds_money_and_what_closes_holds_shares(self) -> None:
        money, shares = ZERO, defaultdict(Decimal)
        for order in Order.objects.filter(status__in=WORKING):
            if order.opens:
                money += order.reserved
            else:
                shares[order.instrument_id] += order.reserved
        assert self.row().reserved == money
        for row in Position.objects.all():
            assert row.reserved == shares[row.instrument_id] <= abs(row.quantity)

    @invariant()
    def nobody_waits_to_open_against_a_position(self) -> None:
        for order in Order.objects.filter(status__in=WORKING).select_related("instrument"):
            held, _ = holding(self.account, order.instrument.symbol)
            buys = order.side == Side.BUY
            assert (held >= 0 if buys else held <= 0) if order.opens else (held < 0 if buys else held > 0)

    @invariant()
    def positions_made_again_from_the_journals_are_those_that_are_stored(self) -> None:
        again = rebuilt(self.account.pk, CostMethod(self.row().cost_method))
        for row in Position.objects.select_related("instrument"):
            found = again.get(row.instrument.symbol)
            lots = [] if found is None else list(found.position.lots)
            stored = [desk_lot(lot) for lot in row.lots.all()]
            by_fill = attrgetter("exec_id", "qty")
            assert sorted(lots, key=by_fill) == sorted(stored, key=by_fill)
            assert row.realized_pnl == (found.realized if found else 0)

    @invariant()
    def profit_is_what_equity_has_gained(self) -> None:
        view = self.view()
        assert view.realized + view.unrealized + view.income - view.fees == view.equity - self.deposited
        assert view.total_pnl == view.equity - self.deposited


@pytest.mark.django_db
def test_margin_holds_whatever_the_order_of_events() -> None:
    """R-ORDER, R-RISK"""
    checks = [HealthCheck.too_slow, HealthCheck.filter_too_much]
    run_state_machine_as_test(
        MarginMachine,
        settings=settings(
            max_examples=examples(30, NIGHTLY_RUNS),
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=checks,
        ),
    )
