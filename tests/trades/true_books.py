"""What holds of account, orders, positions and ledger whatever has happened."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise

from django.db.models import QuerySet
from hypothesis import strategies as st
from hypothesis.stateful import invariant

from apps.desk.money import ZERO, cents
from apps.desk.order import OPEN, STOPS, TRANSITIONS, WORKING, OrderStatus, Side, TimeInForce
from apps.live.models import Event, Stream
from apps.market.quotes import board
from apps.portfolio import queries as portfolio_queries
from apps.portfolio.models import Account, Journal, LedgerEntry, Lot, Position
from apps.trades.models import Fill, Order
from tests.rolled_back import RolledBack

from .broken import broken


def place_of(row: Order) -> tuple[str, bool, bool]:
    return (row.parent or row.after or row).client_order_id, row.parent_id is not None, row.after_id is not None


class TrueBooks(RolledBack):
    """One trader; the rules that move the market and place orders are its heir's, who sets these."""

    account: Account
    now: datetime
    deposits: dict[str, Decimal]

    def tick(self) -> None:
        """No two orders of the same moment: their ids would decide, which differ from run to run."""
        self.now += timedelta(milliseconds=1)

    def one_of(self, rows: QuerySet[Order], data: st.DataObject) -> Order:
        """Any of them; what goes with an order is named by that, for its own id differs from run to run."""
        found = list(rows.select_related("instrument", "parent", "after"))
        found.sort(key=lambda row: (row.created_at, *place_of(row), row.order_type))
        return found[data.draw(st.integers(0, len(found) - 1))]

    def row(self) -> Account:
        return Account.objects.get(pk=self.account.pk)

    @invariant()
    def every_invariant_of_the_live_check_holds(self) -> None:
        assert broken() == {}

    @invariant()
    def account_pays_for_what_it_holds_back(self) -> None:
        account, orders = self.row(), list(Order.objects.all())
        assert 0 <= account.reserved <= account.cash
        assert account.reserved == sum((order.reserved for order in orders if order.side == Side.BUY), ZERO)
        assert [order for order in orders if order.reserved and not order.is_working] == []

    @invariant()
    def exits_stand_on_the_same_shares_and_one_of_them_holds_them(self) -> None:
        exits = defaultdict(list)
        for order in Order.objects.exclude(parent=None):
            exits[order.parent_id].append(order)
        for parent in Order.objects.filter(pk__in=exits):
            legs = exits[parent.pk]
            sold, working = sum((leg.cum_qty for leg in legs), ZERO), [leg for leg in legs if leg.is_working]
            assert sold <= parent.cum_qty
            assert sold == 0 or not parent.is_open
            assert {leg.quantity - leg.cum_qty for leg in working} <= {parent.cum_qty - sold}
            assert sum((leg.reserved for leg in working), ZERO) == (parent.cum_qty - sold if working else 0)
            assert sum(leg.reserved > 0 for leg in legs) == bool(working)
            assert all((leg.status == OrderStatus.HELD) <= (parent.cum_qty == 0) for leg in legs)
            assert parent.is_open or not any(leg.status == OrderStatus.HELD for leg in legs)

    @invariant()
    def pairs_stand_on_the_same_shares_and_one_of_them_holds_them(self) -> None:
        """One cancels the other: what one has sold the other has given up; filled, it has cancelled it."""
        pairs = defaultdict(list)
        for order in Order.objects.exclude(oco=None):
            pairs[order.oco].append(order)
        for pair in pairs.values():
            working = [each for each in pair if each.is_working]
            leaves = {each.quantity - each.cum_qty for each in working}
            assert len(leaves) <= 1
            assert [each.reserved for each in working if each.reserved] == list(leaves)
            if any(each.status == OrderStatus.FILLED for each in pair):
                assert sorted(each.status for each in pair) == [OrderStatus.CANCELED, OrderStatus.FILLED]

    @invariant()
    def second_orders_wait_for_the_first_and_end_with_it(self) -> None:
        for second in Order.objects.exclude(after=None).select_related("after"):
            begun = second.status not in {OrderStatus.HELD, OrderStatus.CANCELED} or second.queued_at is not None
            assert begun <= (second.after.status == OrderStatus.FILLED)
            assert (second.status == OrderStatus.HELD) <= second.after.is_open
            assert second.status != OrderStatus.REJECTED or (second.cum_qty == 0 and second.reason)

    @invariant()
    def orders_are_what_their_fills_made_of_them(self) -> None:
        fills = defaultdict(list)
        for fill in Fill.objects.all():
            fills[fill.order_id].append(fill)
        for order in Order.objects.all():
            done = sum((fill.last_qty for fill in fills[order.pk]), ZERO)
            assert order.cum_qty == done <= order.quantity
            assert (order.status == OrderStatus.FILLED) == (done == order.quantity)
            assert order.status != OrderStatus.NEW or done == 0
            assert order.status != OrderStatus.PARTIALLY_FILLED or done > 0
            for fill in fills[order.pk]:
                assert fill.last_px == (fill.ask if order.side == Side.BUY else fill.bid)
                assert order.order_type not in STOPS or order.triggered_at is not None
            assert order.time_in_force != TimeInForce.FOK or done in {0, order.quantity}

    @invariant()
    def statuses_moved_along_the_table_and_numbers_have_no_gap(self) -> None:
        events = list(Event.objects.order_by("seq"))
        assert [event.seq for event in events] == list(range(1, Stream.objects.get().seq + 1))
        told = defaultdict(list)
        for event in events:
            if "order_id" in event.facts:
                told[event.facts["order_id"]].append(OrderStatus(event.facts["status"]))
        known = {str(order.pk): order.status for order in Order.objects.all()}
        assert {pk: status for pk, status in known.items() if pk in told or status != OrderStatus.HELD} == {
            order_id: statuses[-1] for order_id, statuses in told.items()
        }
        for statuses in told.values():
            first = {OrderStatus.HELD, OrderStatus.NEW, OrderStatus.CANCELED, OrderStatus.REJECTED}
            assert statuses[0] in first  # an exit, or a second order, may be changed or end before it works
            moved = [(one, two) for one, two in pairwise(statuses) if one != two or one not in OPEN]
            assert [(one, two) for one, two in moved if two not in TRANSITIONS[one]] == []

    @invariant()
    def the_books_balance(self) -> None:
        sums: dict[int, Decimal] = defaultdict(Decimal)
        cash = ZERO
        for entry in LedgerEntry.objects.all():
            sums[entry.journal_id] += entry.amount
            cash += entry.amount if entry.book == "cash" else 0
        assert set(sums.values()) == {ZERO}
        assert self.row().cash == cash
        assert Journal.objects.count() == len(sums) == len(self.deposits) + Fill.objects.count()

    @invariant()
    def positions_are_their_lots_and_their_fills(self) -> None:
        held, cost, flown, back = (defaultdict(Decimal) for _ in range(4))
        for lot in Lot.objects.all():
            assert lot.quantity > 0
            held[lot.position_id] += lot.quantity
            cost[lot.position_id] += lot.cost
        for fill in Fill.objects.select_related("order"):
            flown[fill.order.instrument_id] += fill.last_qty * (1 if fill.order.side == Side.BUY else -1)
        for order in Order.objects.filter(side=Side.SELL, status__in=WORKING):
            back[order.instrument_id] += order.reserved
            assert order.is_linked or order.reserved == order.quantity - order.cum_qty
        for row in Position.objects.all():
            assert row.quantity == held[row.pk] == flown[row.instrument_id] >= 0
            assert row.cost == cost[row.pk]
            assert row.reserved == back[row.instrument_id] <= row.quantity
        assert flown.keys() == set(Position.objects.values_list("instrument_id", flat=True))

    @invariant()
    def profit_is_what_equity_has_gained(self) -> None:
        view = portfolio_queries.portfolio_value(portfolio_queries.load_holdings(self.account.pk), board, self.now)
        deposited = sum(self.deposits.values(), ZERO)
        assert view.realized + view.unrealized - view.fees == view.equity - deposited
        assert view.equity == cents(view.equity)
