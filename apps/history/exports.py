"""Each tab of the history as the rows of a file, oldest first, read as they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from itertools import islice

from apps.desk import money
from apps.desk.currency import BASE
from apps.portfolio.models import LedgerEntry
from apps.trades.export import ORDER_COLUMNS, ROWS_AT_ONCE, Row, in_parts, order_rows
from apps.trades.models import Fill
from apps.trades.queries import plain

from .asked import Asked
from .lots import lots, valued
from .queries import detailed, entries, fills, orders, trades

READ_OF_FILLS = (
    "exec_id",
    "order__side",
    "order__instrument__symbol",
    "at",
    "last_qty",
    "last_px",
    "commission",
    "liquidity",
    "bid",
    "ask",
    "rate",
    "order__instrument__currency",
    "policy",
    "seed",
    "quote_age_ms",
    "bid_size",
    "ask_size",
    "last",
)


@dataclass(frozen=True, slots=True)
class Export:
    columns: tuple[str, ...]
    rows: Callable[[int, Asked], Iterator[Row]]


def trade_rows(account_id: int, asked: Asked) -> Iterator[Row]:
    """Return and R-multiple are ratios: 0.01 is one per cent."""
    found = trades(account_id, asked)
    while part := detailed(account_id, islice(found, ROWS_AT_ONCE)):
        for trade in part:
            yield {
                "symbol": trade.symbol,
                "direction": "short" if trade.is_short else "long",
                "quantity": plain(trade.quantity),
                "opened_at": trade.opened_at.isoformat(),
                "entry_price": plain(trade.entry),
                "closed_at": trade.closed_at.isoformat(),
                "exit_price": plain(trade.exit),
                "held_seconds": str(trade.held // timedelta(seconds=1)),
                "gross_pnl": usd(trade.gross),
                "commission": usd(trade.commission),
                "net_pnl": usd(trade.net),
                "return": plain(trade.returned),
                "stop_loss": plain(trade.stop),
                "risk": usd(trade.risk),
                "r_multiple": plain(trade.r_multiple),
                "opened_by": trade.opened_by,
                "closed_by": trade.closed_by,
                "tags": ", ".join(trade.tags),
                "currency": trade.currency,
                "note": trade.note,
            }


def fill_rows(account_id: int, asked: Asked) -> Iterator[Row]:
    """With the quote, the policy and the seed that made each; one that was imported met no quote."""
    read = Fill.objects.select_related("order__instrument").only(*READ_OF_FILLS)
    for fill in in_parts(fills(account_id, asked), read=read):
        yield {
            "exec_id": fill.exec_id,
            "order_id": str(fill.order_id),
            "at": fill.at.isoformat(),
            "symbol": fill.order.instrument.symbol,
            "side": fill.order.side,
            "last_qty": plain(fill.last_qty),
            "last_px": plain(fill.last_px),
            "commission": usd(fill.commission),
            "liquidity": fill.liquidity,
            "bid": plain(fill.bid),
            "ask": plain(fill.ask),
            "currency": fill.order.instrument.currency,
            "rate": plain(fill.rate),
            "policy": fill.policy,
            "seed": None if fill.seed is None else str(fill.seed),
            "quote_age_ms": None if fill.bid is None else str(fill.quote_age_ms),
            "bid_size": plain(fill.bid_size),
            "ask_size": plain(fill.ask_size),
            "last": plain(fill.last),
        }


def lot_rows(account_id: int, asked: Asked) -> Iterator[Row]:
    """Valued as they are read."""
    found = in_parts(lots(account_id, asked))
    while part := valued(islice(found, ROWS_AT_ONCE)):
        for lot in part:
            yield {
                "symbol": lot.symbol,
                "opened_at": lot.opened_at.isoformat(),
                "quantity": plain(lot.quantity),
                "price": plain(lot.price),
                "cost": usd(lot.cost),
                "last_price": plain(lot.last),
                "priced_at": lot.priced_at.isoformat() if lot.priced_at else None,
                "market_value": usd(lot.value),
                "unrealized_pnl": usd(lot.unrealized),
                "exec_id": lot.exec_id,
                "currency": lot.currency,
                "rate": None if lot.currency == BASE else plain(lot.rate),
            }


def ledger_rows(account_id: int, asked: Asked) -> Iterator[Row]:
    """One row a line; those of one `ref` sum to zero."""
    read = LedgerEntry.objects.select_related("journal__instrument")
    for entry in in_parts(entries(account_id, asked), read=read):
        journal = entry.journal
        yield {
            "ref": journal.ref,
            "at": journal.at.isoformat(),
            "session_date": str(journal.session_date) if journal.session_date else None,
            "kind": journal.kind,
            "memo": journal.memo,
            "symbol": journal.instrument.symbol if journal.instrument else None,
            "quantity": plain(journal.quantity) if journal.instrument else None,
            "price": plain(journal.price),
            "book": entry.book,
            "amount": usd(entry.amount),
            "currency": journal.currency,
            "rate": plain(journal.rate),
            "local_amount": usd(journal.local_amount),
        }


def usd(amount: Decimal | None) -> str | None:
    """With both its cents."""
    return None if amount is None else f"{money.cents(amount):f}"


EXPORTS = {
    "trades": Export(
        (
            "symbol",
            "direction",
            "quantity",
            "opened_at",
            "entry_price",
            "closed_at",
            "exit_price",
            "held_seconds",
            "gross_pnl",
            "commission",
            "net_pnl",
            "return",
            "stop_loss",
            "risk",
            "r_multiple",
            "opened_by",
            "closed_by",
            "tags",
            "currency",
            "note",
        ),
        trade_rows,
    ),
    "lots": Export(
        (
            "symbol",
            "opened_at",
            "quantity",
            "price",
            "cost",
            "last_price",
            "priced_at",
            "market_value",
            "unrealized_pnl",
            "exec_id",
            "currency",
            "rate",
        ),
        lot_rows,
    ),
    "orders": Export(ORDER_COLUMNS, lambda account_id, asked: order_rows(orders(account_id, asked))),
    "fills": Export(
        (
            "exec_id",
            "order_id",
            "at",
            "symbol",
            "side",
            "last_qty",
            "last_px",
            "commission",
            "liquidity",
            "bid",
            "ask",
            "currency",
            "rate",
            "policy",
            "seed",
            "quote_age_ms",
            "bid_size",
            "ask_size",
            "last",
        ),
        fill_rows,
    ),
    "ledger": Export(
        (
            "ref",
            "at",
            "session_date",
            "kind",
            "memo",
            "symbol",
            "quantity",
            "price",
            "book",
            "amount",
            "currency",
            "rate",
            "local_amount",
        ),
        ledger_rows,
    ),
}
