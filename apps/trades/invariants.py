"""What must hold between orders, fills and the books, in the way of portfolio's own."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from itertools import groupby

from django.db.models import F, Q

from apps.desk.money import ZERO, average_price
from apps.live.models import Stream
from apps.live.retention import streams_with_gaps
from apps.portfolio.invariants import OF_BOOKS, Invariant, keys, selected
from apps.portfolio.models import Account, Journal, Position

from .models import Fill, Order

# An order holds cash back to eight places, an account to two
CASH_NOT_HELD_BACK = """
SELECT account.id FROM portfolio_account account
LEFT JOIN (
    SELECT account_id, SUM(reserved) AS reserved FROM trades_order
    WHERE (effect = 'open' OR (effect = '' AND side = 'buy')) AND status IN ('new', 'partially_filled')
    GROUP BY account_id
) working ON working.account_id = account.id
WHERE account.reserved * 1000000 <> COALESCE(working.reserved, 0)
ORDER BY account.id
"""

SHARES_NOT_HELD_BACK = """
SELECT held.id FROM portfolio_position held
LEFT JOIN (
    SELECT account_id, instrument_id, SUM(reserved) AS reserved FROM trades_order
    WHERE (effect = 'close' OR (effect = '' AND side = 'sell')) AND status IN ('new', 'partially_filled')
    GROUP BY account_id, instrument_id
) working ON working.account_id = held.account_id AND working.instrument_id = held.instrument_id
WHERE held.reserved <> COALESCE(working.reserved, 0)
ORDER BY held.id
"""

SHORT_WITHOUT_MARGIN = """
SELECT held.id FROM portfolio_position held
JOIN portfolio_account account ON account.id = held.account_id
WHERE held.quantity < 0 AND account.kind <> 'margin'
ORDER BY held.id
"""

CLOSED_AND_HOLDING = """
SELECT id FROM trades_order
WHERE reserved <> 0 AND status NOT IN ('new', 'partially_filled')
ORDER BY id
"""

STATUS_NOT_ITS_QUANTITY = """
SELECT id FROM trades_order
WHERE (status = 'filled') <> (cum_qty = quantity)
    OR (status = 'partially_filled' AND cum_qty = 0)
    OR (status IN ('held', 'new', 'rejected') AND cum_qty <> 0)
ORDER BY id
"""

# Two that stand on the same shares hold them once
CLOSING_NOT_HOLDING = """
SELECT id FROM (
    SELECT id, SUM(reserved) OVER pair AS held,
        MIN(quantity - cum_qty) OVER pair AS least, MAX(quantity - cum_qty) OVER pair AS most
    FROM trades_order
    WHERE (effect = 'close' OR (effect = '' AND side = 'sell')) AND status IN ('new', 'partially_filled')
    WINDOW pair AS (PARTITION BY COALESCE(parent_id, oco, id))
) closing
WHERE held <> most OR least <> most
ORDER BY id
"""

TWO_THAT_TRADE = """
SELECT id FROM (
    SELECT id, oco, COUNT(*) OVER pair AS legs,
        SUM(CASE WHEN status = 'filled' THEN 1 ELSE 0 END) OVER pair AS filled,
        SUM(CASE WHEN status IN ('held', 'new', 'partially_filled') THEN 1 ELSE 0 END) OVER pair AS waiting
    FROM trades_order WHERE parent_id IS NOT NULL OR oco IS NOT NULL
    WINDOW pair AS (PARTITION BY COALESCE(parent_id, oco))
) linked
WHERE filled > 1 OR (filled = 1 AND waiting > 0) OR (oco IS NOT NULL AND legs <> 2)
ORDER BY id
"""

# Exits of a second order come when its turn has come
BRACKET_NOT_WHOLE = """
SELECT bracket.id FROM trades_order bracket
LEFT JOIN (
    SELECT parent_id, COUNT(*) AS legs, SUM(cum_qty) AS closed,
        SUM(CASE WHEN status = 'held' THEN 1 ELSE 0 END) AS held,
        MIN(CASE WHEN status = 'held' THEN quantity END) AS least_held,
        MAX(CASE WHEN status = 'held' THEN quantity END) AS most_held,
        MIN(CASE WHEN status IN ('new', 'partially_filled') THEN quantity - cum_qty END) AS least,
        MAX(CASE WHEN status IN ('new', 'partially_filled') THEN quantity - cum_qty END) AS most
    FROM trades_order WHERE parent_id IS NOT NULL GROUP BY parent_id
) exits ON exits.parent_id = bracket.id
WHERE COALESCE(exits.legs, 0) <> CASE
        WHEN bracket.after_id IS NOT NULL AND bracket.queued_at IS NULL THEN 0
        ELSE (CASE WHEN bracket.take_profit IS NULL THEN 0 ELSE 1 END)
            + (CASE WHEN bracket.stop_loss IS NULL THEN 0 ELSE 1 END)
    END
    OR exits.closed > bracket.cum_qty
    OR (exits.closed > 0 AND bracket.status IN ('new', 'partially_filled'))
    OR (exits.held > 0 AND bracket.status <> 'new')
    OR exits.least_held <> bracket.quantity
    OR exits.most_held <> bracket.quantity
    OR exits.least <> bracket.cum_qty - exits.closed
    OR exits.most <> bracket.cum_qty - exits.closed
ORDER BY bracket.id
"""

SECOND_OUT_OF_TURN = """
SELECT second.id FROM trades_order second
JOIN trades_order before ON before.id = second.after_id
WHERE (second.status = 'held' AND before.status NOT IN ('held', 'new', 'partially_filled'))
    OR (second.status NOT IN ('held', 'canceled') AND before.status <> 'filled')
ORDER BY second.id
"""

ORDER_NOT_ITS_FILLS = """
SELECT orders.id FROM trades_order orders
LEFT JOIN (
    SELECT order_id, SUM(last_qty) AS quantity FROM trades_fill GROUP BY order_id
) filled ON filled.order_id = orders.id
WHERE orders.cum_qty <> COALESCE(filled.quantity, 0)
ORDER BY orders.id
"""

# That there is at most one journal of an execution is a constraint of the table
FILL_NOT_BOOKED = """
SELECT fill.id FROM trades_fill fill
JOIN trades_order orders ON orders.id = fill.order_id
LEFT JOIN portfolio_journal journal ON journal.ref = fill.exec_id
LEFT JOIN (
    SELECT journal_id, SUM(amount) AS fee FROM portfolio_ledgerentry WHERE book = 'commission' GROUP BY journal_id
) paid ON paid.journal_id = journal.id
WHERE journal.id IS NULL
    OR journal.kind <> orders.side
    OR journal.account_id <> orders.account_id
    OR COALESCE(journal.instrument_id, 0) <> orders.instrument_id
    OR journal.quantity <> CASE WHEN orders.side = 'buy' THEN fill.last_qty ELSE -fill.last_qty END
    OR COALESCE(journal.price, -1) <> fill.last_px
    OR COALESCE(journal.rate, 0) <> COALESCE(fill.rate, 0)
    OR COALESCE(paid.fee, 0) <> fill.commission
ORDER BY fill.id
"""

BOOKED_WITHOUT_FILL = """
SELECT journal.id FROM portfolio_journal journal
LEFT JOIN trades_fill fill ON fill.exec_id = journal.ref
WHERE journal.kind IN ('buy', 'sell') AND fill.id IS NULL
ORDER BY journal.id
"""


def wrong_averages() -> Iterator[uuid.UUID]:
    """Orders whose average price is not what their fills made of it.

    It is rounded at every fill, so only the fills one after the other give it again. The statement leaves out the
    orders that are plainly right: those of which every fill had the average price.
    """
    elsewhere = Fill.objects.filter(Q(order__avg_px=None) | ~Q(last_px=F("order__avg_px")))
    doubtful = Order.objects.filter(Q(pk__in=elsewhere.values("order")) | Q(avg_px__isnull=False, fills=None))
    rows = doubtful.order_by("pk", "fills__pk").values_list("pk", "avg_px", "fills__last_qty", "fills__last_px")
    for (key, said), fills in groupby(rows.iterator(), key=lambda row: row[:2]):
        done, average = ZERO, None
        for _, _, quantity, price in fills:
            if quantity:
                notional = (average or ZERO) * done + quantity * price
                done += quantity
                average = average_price(notional / done)
        if average != said:
            yield key


INVARIANTS = (
    *OF_BOOKS,
    Invariant("cash-held-back", Account, selected(Account, CASH_NOT_HELD_BACK)),
    Invariant("shares-held-back", Position, selected(Position, SHARES_NOT_HELD_BACK)),
    Invariant("shorts-are-on-margin", Position, selected(Position, SHORT_WITHOUT_MARGIN)),
    Invariant("closed-orders-hold-nothing", Order, selected(Order, CLOSED_AND_HOLDING)),
    Invariant("statuses-are-quantities", Order, selected(Order, STATUS_NOT_ITS_QUANTITY)),
    Invariant("closing-orders-hold-shares", Order, selected(Order, CLOSING_NOT_HOLDING)),
    Invariant("one-cancels-other", Order, selected(Order, TWO_THAT_TRADE)),
    Invariant("brackets-are-whole", Order, selected(Order, BRACKET_NOT_WHOLE)),
    Invariant("seconds-wait-for-firsts", Order, selected(Order, SECOND_OUT_OF_TURN)),
    Invariant("orders-are-fills", Order, selected(Order, ORDER_NOT_ITS_FILLS)),
    Invariant("average-prices", Order, wrong_averages),
    Invariant("fills-are-booked", Fill, selected(Fill, FILL_NOT_BOOKED)),
    Invariant("bookings-are-fills", Journal, selected(Journal, BOOKED_WITHOUT_FILL)),
    Invariant("streams-have-no-gap", Stream, keys(streams_with_gaps)),
)
