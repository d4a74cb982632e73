"""Account, orders, positions and ledger under any order of events, on the real database."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db.models import F
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule, run_state_machine_as_test

from apps.desk.money import ZERO
from apps.desk.order import (
    IMMEDIATE,
    LIMITS,
    OPEN,
    WORKING,
    IllegalTransition,
    OrderStatus,
    OrderType,
    Side,
    TimeInForce,
)
from apps.desk.quote import Quote
from apps.live.models import Event
from apps.market.models import Instrument, MarketState
from apps.market.quotes import board
from apps.portfolio import queries as portfolio_queries
from apps.portfolio import services as portfolio
from apps.portfolio.models import Account, Journal, Position
from apps.trades import filling, services
from apps.trades.models import Fill, Order
from apps.trades.ticket import Change, Placed, Refused, Ticket
from tests.examples import NIGHTLY_RUNS, examples

from .drawn import (
    LOTS,
    MAY_HAVE_A_STOP,
    START,
    Terms,
    amounts,
    cents_away,
    cents_out,
    displayed,
    lots,
    may_have_a_stop,
    moves,
    second_of,
    seconds,
    symbols,
    terms,
)
from .true_books import TrueBooks


class OrderMachine(TrueBooks):
    """One trader with little money, two instruments, and quotes that go where they like."""

    @initialize()
    def open(self) -> None:
        board.clear()
        self.now, self.day, self.numbers = START, START.date(), count(1)
        MarketState.objects.create(is_open=True, session_date=self.day)
        self.user = get_user_model().objects.create_user("alice")
        self.account = portfolio.open_account(self.user, Decimal(15_000))
        self.deposits = {"opening": Decimal(15_000)}
        self.tickets: dict[str, Ticket] = {}
        self.mids = dict.fromkeys(LOTS, Decimal(100))
        for symbol, lot in LOTS.items():
            Instrument.objects.create(symbol=symbol, name=symbol, lot_size=lot)
            self.quote(symbol, ZERO, 1, 0)
            held = Ticket(symbol, Side.BUY, OrderType.MARKET, 50 * lot, f"held-{symbol}")
            assert services.place_order(self.account, held, self.now).created
            self.quote(symbol, ZERO, 1, 50)

    def state(self) -> object:
        """All that a refusal must leave alone; the refusal itself is kept."""
        told = Event.objects.exclude(kind="order.denied").order_by("pk").values_list()
        rows = [model.objects.order_by("pk").values_list() for model in (Account, Order, Fill, Journal, Position)]
        return [list(told), *[list(each) for each in rows]]

    # What may happen

    @rule(symbol=symbols, move=moves, spread=st.integers(0, 3), size=displayed)
    def quote(self, symbol: str, move: Decimal, spread: int, size: int) -> None:
        self.now += timedelta(seconds=1)
        mid = self.mids[symbol] = min(max(self.mids[symbol] + move, Decimal(20)), Decimal(400))
        half, shown = Decimal(spread).scaleb(-2), size * LOTS[symbol]
        quote = Quote(symbol, mid - half, mid + half, shown, shown, mid, self.now, self.now)
        board.put(quote)
        outcome = filling.match_symbol(symbol, quote, None, self.now)
        assert outcome.failed == {}
        taken = Fill.objects.filter(at=self.now, order__instrument__symbol=symbol)
        for side, left in (("buy", outcome.left.ask_size), ("sell", outcome.left.bid_size)):
            assert sum((fill.last_qty for fill in taken.filter(order__side=side)), ZERO) == shown - left
        for fill in taken.select_related("order"):
            worse = fill.last_px - (fill.order.limit_price or fill.last_px)
            assert worse <= 0 if fill.order.side == Side.BUY else worse >= 0
        assert not Order.objects.filter(instrument__symbol=symbol, status__in=WORKING, time_in_force__in=IMMEDIATE)

    @rule(symbol=symbols, side=st.sampled_from(Side), terms=terms, size=lots, second=seconds)
    def place(self, symbol: str, side: Side, terms: Terms, size: int, second: Any) -> None:
        self.tick()
        kind, tif, away, percent, far, near = terms
        quantity, price = size * LOTS[symbol], self.mids[symbol] + away
        ticket = Ticket(
            symbol=symbol,
            side=side,
            order_type=kind,
            quantity=quantity,
            client_order_id=f"ticket-{next(self.numbers)}",
            limit_price=price if kind in LIMITS else None,
            stop_price=price if kind in {OrderType.STOP, OrderType.STOP_LIMIT} else None,
            trail_percent=percent if kind is OrderType.TRAILING_STOP else None,
            time_in_force=tif,
            take_profit=self.mids[symbol] + far if far and side is Side.BUY else None,
            stop_loss=self.mids[symbol] - near if near and side is Side.BUY else None,
            oco_stop=self.mids[symbol] - near if near and may_have_a_stop(side, kind, tif) else None,
            expires_at=self.now + timedelta(minutes=int(percent)) if tif is TimeInForce.GTD else None,
            then=second_of(second, self.mids),
        )
        before, free = self.row(), self.free(symbol)
        answer = services.place_order(self.account, ticket, self.now)
        if isinstance(answer, Refused):
            assert self.row().reserved == before.reserved
            if "quantity" in answer.errors and side is Side.SELL:
                assert quantity > free
            return
        assert answer.created
        assert side is Side.BUY or quantity <= free
        self.tickets[ticket.client_order_id] = ticket

    @precondition(lambda self: any(self.free(symbol) for symbol in LOTS))
    @rule(data=st.data(), size=lots, above=cents_out, below=cents_out, tif=st.sampled_from(MAY_HAVE_A_STOP))
    def place_a_pair(self, data: st.DataObject, size: int, above: Decimal, below: Decimal, tif: TimeInForce) -> None:
        """One cancels the other, for what is free: near enough that quotes reach both."""
        symbol = data.draw(st.sampled_from([each for each in LOTS if self.free(each)]))
        self.quote(symbol, ZERO, 1, 0)  # a fresh one, which fills nothing
        quantity = min(size * LOTS[symbol], self.free(symbol))
        name, mid = f"ticket-{next(self.numbers)}", self.mids[symbol]
        until = self.now + timedelta(minutes=5) if tif is TimeInForce.GTD else None
        ticket = Ticket(symbol, Side.SELL, OrderType.LIMIT, quantity, name, mid + above, time_in_force=tif)
        ticket = replace(ticket, oco_stop=mid - below, expires_at=until)
        assert services.place_order(self.account, ticket, self.now).created
        self.tickets[name] = ticket

    @precondition(lambda self: Order.objects.filter(status__in=WORKING).exclude(oco=None).exists())
    @rule(data=st.data(), size=displayed)
    def reach_one_of_a_pair(self, data: st.DataObject, size: int) -> None:
        order = self.one_of(Order.objects.filter(status__in=WORKING).exclude(oco=None), data)
        symbol = order.instrument.symbol
        self.quote(symbol, (order.limit_price or order.stop_price) - self.mids[symbol], 0, size)

    @invariant()
    def pairs_sell_what_was_asked_for(self) -> None:
        for first in Order.objects.filter(oco=F("pk")):
            pair = Order.objects.filter(oco=first.pk)
            asked = self.tickets[first.client_order_id].quantity
            sold = sum((each.cum_qty for each in pair), ZERO)
            working = [each.quantity - each.cum_qty for each in pair if each.is_working]
            assert (len(pair), set(working) - {asked - sold}) == (2, set())
            assert (sold == asked) == any(each.status == OrderStatus.FILLED for each in pair)

    def free(self, symbol: str) -> Decimal:
        held, reserved = portfolio_queries.holding(self.account, symbol)
        return held - reserved

    @precondition(lambda self: self.tickets)
    @rule(data=st.data())
    def place_again(self, data: st.DataObject) -> None:
        ticket = data.draw(st.sampled_from(list(self.tickets.values())))
        before = self.state()

        same = services.place_order(self.account, ticket, self.now)
        other = services.place_order(self.account, replace(ticket, quantity=ticket.quantity + 1), self.now)

        assert isinstance(same, Placed) and not same.created
        assert same.order.client_order_id == ticket.client_order_id
        assert isinstance(other, Refused) and list(other.errors) == ["client_order_id"]
        assert self.state() == before

    @precondition(lambda self: self.tickets)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        order = self.one_of(Order.objects.all(), data)
        if order.is_open:
            assert services.cancel_order(self.account, order.pk, self.now).status == OrderStatus.CANCELED
            return
        before = self.state()
        with pytest.raises(IllegalTransition):
            services.cancel_order(self.account, order.pk, self.now)
        assert self.state() == before

    @precondition(lambda self: self.tickets)
    @rule(data=st.data(), size=lots, away=cents_away)
    def change(self, data: st.DataObject, size: int, away: Decimal) -> None:
        self.tick()
        order = self.one_of(Order.objects.all(), data)
        symbol = order.instrument.symbol
        price = self.mids[symbol] + away
        quantity = order.quantity if order.is_linked else size * LOTS[symbol]
        asked = Change(quantity, price if order.limit_price else None, price if order.stop_price else None)
        before = self.state()
        if not (order.is_working or order.awaits_first):
            with pytest.raises(IllegalTransition):
                services.replace_order(self.account, order.pk, asked, self.now)
            assert self.state() == before
            return
        answer = services.replace_order(self.account, order.pk, asked, self.now)
        if isinstance(answer, Refused):
            assert self.state() == before
            return
        changed = Order.objects.get(pk=order.pk)
        assert (changed.quantity, changed.limit_price, changed.stop_price) == (
            asked.quantity,
            asked.limit_price,
            asked.stop_price,
        )
        assert changed.cum_qty == order.cum_qty < changed.quantity

    @rule(symbol=st.sampled_from(["", *LOTS]))
    def cancel_all(self, symbol: str) -> None:
        working = Order.objects.filter(status__in=OPEN)
        due = set((working.filter(instrument__symbol=symbol) if symbol else working).values_list("pk", flat=True))
        assert {order.pk for order in services.cancel_all(self.account, symbol, self.now)} == due
        assert not working.filter(pk__in=due).exists()

    @rule(symbol=symbols)
    def close_position(self, symbol: str) -> None:
        held, _ = portfolio_queries.holding(self.account, symbol)
        self.tick()
        before, name = self.state(), f"close-{next(self.numbers)}"
        answer = services.close_position(self.account, symbol, name, self.now)
        if isinstance(answer, Refused):
            assert self.state() == before
            return
        selling = Order.objects.filter(instrument__symbol=symbol, side=Side.SELL, status__in=WORKING)
        assert [(order.client_order_id, order.quantity) for order in selling] == [(name, held)]

    @precondition(lambda self: self.tickets)
    @rule(data=st.data(), away=cents_away)
    def trail(self, data: st.DataObject, away: Decimal) -> None:
        order = Order.objects.get(client_order_id=data.draw(st.sampled_from(list(self.tickets))))
        before = order.watermark
        services.trail(order.pk, Decimal(100) + away)
        after = Order.objects.get(pk=order.pk).watermark
        assert after == before or (before is not None and (after > before) == (order.side == Side.SELL))

    @rule(minutes=st.integers(0, 9))
    def reach_a_date(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)
        due = Order.objects.filter(status__in=WORKING, expires_at__lte=self.now).count()
        assert services.expire_dated_orders(self.now) == due

    @rule()
    def end_session(self) -> None:
        due = Order.objects.filter(status__in=WORKING, time_in_force="day").count()
        assert services.expire_day_orders(self.day, self.now) == due
        self.day = date.fromordinal(self.day.toordinal() + 1)
        MarketState.objects.update(session_date=self.day)

    @rule()
    def wait_until_quotes_are_stale(self) -> None:
        self.now += timedelta(minutes=5)
        before = Fill.objects.count()
        for symbol in LOTS:
            quote = board.quotes[symbol]
            immediate = Order.objects.filter(
                instrument__symbol=symbol, status__in=WORKING, time_in_force__in=IMMEDIATE
            )
            late = {str(pk) for pk in immediate.values_list("pk", flat=True)}
            assert set(filling.match_symbol(symbol, quote, None, self.now).moved) == late
        assert Fill.objects.count() == before

    @rule(amount=amounts, number=st.integers(1, 5))
    def deposit(self, amount: Decimal, number: int) -> None:
        """The same reference again books nothing."""
        portfolio.deposit(self.account, amount, f"ref-{number}", "")
        self.deposits.setdefault(f"ref-{number}", amount)


@pytest.mark.django_db
def test_desk_holds_whatever_the_order_of_events() -> None:
    """R-ORDER, R-LEDGER"""
    checks = [HealthCheck.too_slow, HealthCheck.filter_too_much]
    run_state_machine_as_test(
        OrderMachine,
        settings=settings(
            max_examples=examples(30, NIGHTLY_RUNS),
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=checks,
        ),
    )
