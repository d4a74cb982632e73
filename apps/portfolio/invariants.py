"""What must hold of the books. Each is one statement that finds the rows for which it does not; none is right.

The sums are of one pass over each table (grouped, then joined), so that the statements stay good for large ones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from time import perf_counter
from typing import Any

from django.db.models import Model, OuterRef, Q, QuerySet

from apps.desk.currency import BASE
from apps.desk.ledger import CASH, COMMISSION
from apps.desk.money import cents, usd_of

from .closed import FILLS
from .models import Account, Journal, LedgerEntry, LedgerPart, Lot, Position, SessionEquity
from .queries import cash_mismatches, position_mismatches, total, unbalanced_journals

MOST_NAMED = 10


@dataclass(frozen=True, slots=True)
class Finding:
    """What a look at all `rows` of a kind found: how many are wrong, and the ids of the first of these."""

    name: str
    kind: str
    rows: int
    seconds: float
    wrong: int
    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Invariant:
    """`broken` gives the primary keys of the rows of `model` for which it does not hold."""

    name: str
    model: type[Model]
    broken: Callable[[], Iterable[Any]]

    def look(self) -> Finding:
        started = perf_counter()
        rows, broken = self.model._default_manager.count(), iter(self.broken())
        ids = tuple(str(key) for key in islice(broken, MOST_NAMED))
        wrong = len(ids) + sum(1 for _ in broken)
        kind = str(self.model._meta.verbose_name_plural)
        return Finding(self.name, kind, rows, perf_counter() - started, wrong, ids)


def keys(rows: Callable[[], QuerySet[Any]]) -> Callable[[], Iterator[Any]]:
    """The primary keys of a query's rows, however many, without holding them all."""
    return lambda: rows().order_by("pk").values_list("pk", flat=True).iterator()


def selected(model: type[Model], sql: str) -> Callable[[], Iterator[Any]]:
    """The same of a statement that selects `id`."""
    return lambda: (row.pk for row in model._default_manager.raw(sql).iterator())


POSITION_NOT_BOOKED = """
SELECT held.id FROM portfolio_position held
LEFT JOIN (
    SELECT account_id, instrument_id, SUM(quantity) AS quantity
    FROM portfolio_journal WHERE instrument_id IS NOT NULL GROUP BY account_id, instrument_id
) booked ON booked.account_id = held.account_id AND booked.instrument_id = held.instrument_id
WHERE held.quantity <> COALESCE(booked.quantity, 0)
ORDER BY held.id
"""

LOT_OF_THE_OTHER_SIDE = """
SELECT lot.id FROM portfolio_lot lot
JOIN portfolio_position held ON held.id = lot.position_id
WHERE lot.quantity = 0 OR held.quantity = 0 OR (lot.quantity > 0) <> (held.quantity > 0)
ORDER BY lot.id
"""

RESULT_NOT_BOOKED = """
SELECT held.id FROM portfolio_position held
LEFT JOIN (
    SELECT journal.account_id, journal.instrument_id,
        SUM(CASE WHEN line.book = 'securities' THEN line.amount ELSE 0 END) AS cost,
        SUM(CASE WHEN line.book = 'realized' THEN -line.amount ELSE 0 END) AS realized,
        SUM(CASE WHEN line.book = 'commission' THEN line.amount ELSE 0 END) AS fees,
        SUM(CASE WHEN line.book = 'dividends' THEN -line.amount ELSE 0 END) AS dividends
    FROM portfolio_journal journal JOIN portfolio_ledgerentry line ON line.journal_id = journal.id
    WHERE journal.instrument_id IS NOT NULL GROUP BY journal.account_id, journal.instrument_id
) booked ON booked.account_id = held.account_id AND booked.instrument_id = held.instrument_id
WHERE held.cost <> COALESCE(booked.cost, 0)
    OR held.realized_pnl <> COALESCE(booked.realized, 0)
    OR held.commission <> COALESCE(booked.fees, 0)
    OR held.dividends <> COALESCE(booked.dividends, 0)
ORDER BY held.id
"""

INTEREST_NOT_BOOKED = """
SELECT account.id FROM portfolio_account account
LEFT JOIN (
    SELECT journal.account_id, SUM(-line.amount) AS interest
    FROM portfolio_journal journal JOIN portfolio_ledgerentry line ON line.journal_id = journal.id
    WHERE line.book = 'interest' GROUP BY journal.account_id
) booked ON booked.account_id = account.id
WHERE account.interest <> COALESCE(booked.interest, 0)
ORDER BY account.id
"""

# Cash that came in but by deposits = realised P&L + income - fees - the cost of what is held. Add what that is worth
# at any marks to both sides: cash flow + market value = realised + unrealised P&L + income - fees. So no quote is
# needed. Deposits are the negative of the funding lines.
ACCOUNT_NOT_ADDING_UP = """
SELECT account.id FROM portfolio_account account
LEFT JOIN (
    SELECT account_id, SUM(realized_pnl + dividends - commission - cost) AS gained
    FROM portfolio_position GROUP BY account_id
) held ON held.account_id = account.id
LEFT JOIN (
    SELECT journal.account_id, SUM(line.amount) AS flow
    FROM portfolio_journal journal JOIN portfolio_ledgerentry line ON line.journal_id = journal.id
    WHERE line.book IN ('cash', 'funding') GROUP BY journal.account_id
) booked ON booked.account_id = account.id
WHERE COALESCE(booked.flow, 0) <> COALESCE(held.gained, 0) + account.interest
ORDER BY account.id
"""

CLOSE_NOT_ADDING_UP = """
SELECT id FROM (
    SELECT id, equity, realized - fees + unrealized AS earned,
        SUM(flow) OVER (PARTITION BY account_id ORDER BY id) AS paid_in
    FROM portfolio_sessionequity
) closes
WHERE equity <> paid_in + earned
ORDER BY id
"""

# The lines of each account in their order, and each close behind the last that it has; flows are counted off there
CLOSE_NOT_BOOKED = """
SELECT id FROM (
    SELECT id, realized, fees,
        SUM(flow) OVER so_far AS flow, SUM(gained) OVER so_far AS gained, SUM(paid) OVER so_far AS paid
    FROM (
        SELECT 0 AS id, journal.account_id, journal.id AS journal_id, 0 AS realized, 0 AS fees,
            CASE WHEN line.book = 'funding' THEN -line.amount ELSE 0 END AS flow,
            CASE WHEN line.book IN ('realized', 'dividends', 'interest') THEN -line.amount ELSE 0 END AS gained,
            CASE WHEN line.book = 'commission' THEN line.amount ELSE 0 END AS paid
        FROM portfolio_journal journal JOIN portfolio_ledgerentry line ON line.journal_id = journal.id
        WHERE line.book NOT IN ('cash', 'securities')
        UNION ALL
        SELECT id, account_id, COALESCE(last_journal_id, 0), realized, fees, -flow, 0, 0 FROM portfolio_sessionequity
    ) lines
    WINDOW so_far AS (PARTITION BY account_id ORDER BY journal_id, id)
) closes
WHERE id > 0 AND (flow <> 0 OR realized <> gained OR fees <> paid)
ORDER BY id
"""

# What was summed up less what the lines come to, both by part, instrument and kind; and the moments of each part
PART_NOT_ADDING_UP = """
SELECT DISTINCT counted.part_id AS id FROM (
    SELECT part_id, COALESCE(instrument_id, 0) AS instrument_id, kind, quantity, cash_lines,
        cash, securities, realized, commission, dividends, interest
    FROM portfolio_partsum
    UNION ALL
    SELECT part.id, COALESCE(journal.instrument_id, 0), journal.kind, -SUM(journal.quantity), 0, 0, 0, 0, 0, 0, 0
    FROM portfolio_ledgerpart part
    JOIN portfolio_journal journal ON journal.account_id = part.account_id
        AND journal.id BETWEEN part.first_id AND part.last_id
    GROUP BY part.id, journal.instrument_id, journal.kind
    UNION ALL
    SELECT part.id, COALESCE(journal.instrument_id, 0), journal.kind, 0,
        -SUM(CASE WHEN line.book = 'cash' THEN 1 ELSE 0 END),
        -SUM(CASE WHEN line.book = 'cash' THEN line.amount ELSE 0 END),
        -SUM(CASE WHEN line.book = 'securities' THEN line.amount ELSE 0 END),
        -SUM(CASE WHEN line.book = 'realized' THEN line.amount ELSE 0 END),
        -SUM(CASE WHEN line.book = 'commission' THEN line.amount ELSE 0 END),
        -SUM(CASE WHEN line.book = 'dividends' THEN line.amount ELSE 0 END),
        -SUM(CASE WHEN line.book = 'interest' THEN line.amount ELSE 0 END)
    FROM portfolio_ledgerpart part
    JOIN portfolio_journal journal ON journal.account_id = part.account_id
        AND journal.id BETWEEN part.first_id AND part.last_id
    JOIN portfolio_ledgerentry line ON line.journal_id = journal.id
    GROUP BY part.id, journal.instrument_id, journal.kind
) counted
GROUP BY counted.part_id, counted.instrument_id, counted.kind
HAVING SUM(counted.quantity) <> 0 OR SUM(counted.cash_lines) <> 0 OR SUM(counted.cash) <> 0
    OR SUM(counted.securities) <> 0 OR SUM(counted.realized) <> 0 OR SUM(counted.commission) <> 0
    OR SUM(counted.dividends) <> 0 OR SUM(counted.interest) <> 0
UNION
SELECT part.id FROM portfolio_ledgerpart part
JOIN portfolio_journal journal ON journal.account_id = part.account_id
    AND journal.id BETWEEN part.first_id AND part.last_id
GROUP BY part.id, part.begins_at, part.ends_at
HAVING MIN(journal.at) <> part.begins_at OR MAX(journal.at) <> part.ends_at
ORDER BY id
"""


def wrong_conversions() -> Iterator[int]:
    """Fills that are not booked in their instrument's currency, or whose cash is not shares × price × rate; and
    dividends in another currency whose cash is not what was paid in that × rate.

    That is worked out as the desk does: the product of the three has more digits than a column.
    """
    lines = LedgerEntry.objects.filter(journal=OuterRef("pk"))
    cash = total(lines.filter(book=CASH), "journal", "amount")
    fee = total(lines.filter(book=COMMISSION), "journal", "amount")
    found = Journal.objects.filter(~Q(currency=BASE) | Q(kind__in=FILLS) & ~Q(instrument__currency=BASE))
    columns = "kind", "instrument__currency", "currency", "quantity", "price", "rate", "local_amount"
    rows = found.annotate(cash=cash, fee=fee).order_by("pk").values_list("pk", *columns, "cash", "fee")
    for pk, kind, own, currency, quantity, price, rate, local, cash_line, fee_line in rows.iterator():
        if kind == "dividend":
            if own != currency or None in (rate, local) or cash_line != cents(local * rate):
                yield pk
            continue
        is_said = own == currency and None not in (price, rate, local)
        if not is_said or (local, cash_line + fee_line) != (-cents(quantity * price), -usd_of(quantity, price, rate)):
            yield pk


OF_BOOKS = (
    Invariant("journals-balance", Journal, keys(unbalanced_journals)),
    Invariant("cash-is-booked", Account, keys(cash_mismatches)),
    Invariant("positions-are-lots", Position, keys(position_mismatches)),
    Invariant("lots-are-of-one-side", Lot, selected(Lot, LOT_OF_THE_OTHER_SIDE)),
    Invariant("positions-are-booked", Position, selected(Position, POSITION_NOT_BOOKED)),
    Invariant("results-are-booked", Position, selected(Position, RESULT_NOT_BOOKED)),
    Invariant("currencies-are-converted", Journal, wrong_conversions),
    Invariant("interest-is-booked", Account, selected(Account, INTEREST_NOT_BOOKED)),
    Invariant("accounts-add-up", Account, selected(Account, ACCOUNT_NOT_ADDING_UP)),
    Invariant("closes-add-up", SessionEquity, selected(SessionEquity, CLOSE_NOT_ADDING_UP)),
    Invariant("closes-are-booked", SessionEquity, selected(SessionEquity, CLOSE_NOT_BOOKED)),
    Invariant("parts-are-booked", LedgerPart, selected(LedgerPart, PART_NOT_ADDING_UP)),
)
