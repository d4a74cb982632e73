"""Brackets under any order of quotes, cancels and changes: the exits are one-cancels-other to the share."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count

import pytest
from django.contrib.auth import get_user_model
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule, run_state_machine_as_test

from apps.desk.order import AUCTIONS, OPEN, WORKING, OrderType, Side, TimeInForce
from apps.desk.quote import Quote
from apps.market.models import Instrument, MarketState
from apps.market.quotes import board
from apps.portfolio import services as portfolio
from apps.trades import filling, services
from apps.trades.models import Order
from apps.trades.ticket import Change, Placed, Ticket
from tests.examples import NIGHTLY_RUNS, examples

from .true_books import TrueBooks

START = datetime(2026, 3, 2, 15, tzinfo=UTC)
away = st.integers(1, 3).map(Decimal)


class ExitMachine(TrueBooks):
    """One symbol that moves as far as the exits are away, and shows less than what is ordered."""

    @initialize()
    def open(self) -> None:
        board.clear()
        self.now, self.numbers, self.mid = START, count(1), Decimal(100)
        Instrument.objects.create(symbol="AAPL", name="Apple")
        MarketState.objects.create(is_open=True, session_date=START.date())
        self.account = portfolio.open_account(get_user_model().objects.create_user("alice"), Decimal(100_000))
        self.deposits = {"opening": Decimal(100_000)}
        self.quote(0, 0)
        self.buy(20, Decimal(2), Decimal(2), TimeInForce.GTC)
        self.quote(0, 10)

    @rule(move=st.integers(-3, 3), size=st.integers(0, 15))
    def quote(self, move: int, size: int) -> None:
        self.now += timedelta(seconds=1)
        self.mid = max(self.mid + move, Decimal(50))
        shown = Decimal(size)
        quote = Quote("AAPL", self.mid, self.mid, shown, shown, self.mid, self.now, self.now)
        board.put(quote)
        outcome = filling.match_symbol("AAPL", quote, None, self.now)
        assert outcome.failed == {}
        assert min(outcome.left.bid_size, outcome.left.ask_size) >= 0

    @rule(quantity=st.integers(1, 30), far=away, near=away, tif=st.sampled_from(sorted(set(TimeInForce) - AUCTIONS)))
    def buy(self, quantity: int, far: Decimal, near: Decimal, tif: TimeInForce) -> None:
        self.tick()
        ticket = Ticket(
            symbol="AAPL",
            side=Side.BUY,
            order_type=OrderType.LIMIT,
            quantity=Decimal(quantity),
            client_order_id=f"ticket-{next(self.numbers)}",
            limit_price=self.mid,
            time_in_force=tif,
            expires_at=self.now + timedelta(minutes=5) if tif is TimeInForce.GTD else None,
            take_profit=self.mid + far,
            stop_loss=self.mid - near,
        )
        placed = services.place_order(self.account, ticket, self.now)
        assert isinstance(placed, Placed)
        assert services.place_order(self.account, ticket, self.now) == Placed(placed.order, created=False)

    @precondition(lambda self: Order.objects.filter(status__in=OPEN).exists())
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        order = self.one_of(Order.objects.filter(status__in=OPEN), data)
        services.cancel_order(self.account, order.pk, self.now)

    @precondition(lambda self: Order.objects.filter(status__in=WORKING).exclude(parent=None).exists())
    @rule(data=st.data(), move=st.integers(-2, 2))
    def change(self, data: st.DataObject, move: int) -> None:
        self.tick()
        order = self.one_of(Order.objects.filter(status__in=WORKING).exclude(parent=None), data)
        limit = order.limit_price + move if order.limit_price else None
        stop = order.stop_price + move if order.stop_price else None
        services.replace_order(self.account, order.pk, Change(order.quantity, limit, stop), self.now)

    @rule()
    def close_position(self) -> None:
        self.tick()
        services.close_position(self.account, "AAPL", f"close-{next(self.numbers)}", self.now)


@pytest.mark.django_db
def test_exits_hold_whatever_the_order_of_events() -> None:
    """R-ORDER: one cancels the other exactly, also where the entry or an exit is filled in parts."""
    checks = [HealthCheck.too_slow, HealthCheck.filter_too_much]
    run_state_machine_as_test(
        ExitMachine,
        settings=settings(
            max_examples=examples(25, NIGHTLY_RUNS),
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=checks,
        ),
    )
