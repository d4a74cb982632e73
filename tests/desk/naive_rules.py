"""Which rule refuses an order of the naive desk: the first in the table of docs/trading.md."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .naive_order import NaiveOrder, total

if TYPE_CHECKING:
    from .naive import NaiveDesk

STALE_AFTER = 15  # seconds
YEAR_AND_A_DAY = 366 * 24 * 60 * 60


def refusal(desk: NaiveDesk, order: NaiveOrder, now: int) -> str:
    """Nothing where none does."""
    quote, books = desk.quotes.get(order.symbol), desk.books[order.trader]
    beside = [each for each in desk.of(order.trader, order.symbol) if each.works and each is not order]
    if order.till is not None and not now < order.till <= now + YEAR_AND_A_DAY:
        return "good_till"
    if quote and trails_to_nothing(order, quote):
        return "trail_too_wide"
    if order.extended and (order.type != "limit" or order.tif in ("ioc", "fok")):
        return "extended_hours"
    if order.opens and books.on_margin and any(each.opens and each.side != order.side for each in beside):
        return "opposite_working"
    free = desk.free(order.trader, besides=order)
    if order.opens and free is None:
        return "equity_unknown"
    if rule := unpriced(quote, now):
        return rule
    if order.opens:
        return "buying_power" if free is not None and desk.needs(order) > free else ""
    waiting = total(each.rest for each in beside if not each.opens)
    return "held" if order.rest > abs(books.shares[order.symbol]) - waiting else ""


def trails_to_nothing(order: NaiveOrder, quote: dict[str, Any]) -> bool:
    stop = order.stop_at(quote["ask" if order.side == "buy" else "bid"])
    return order.trail is not None and stop is not None and stop <= 0


def unpriced(quote: dict[str, Any] | None, now: int) -> str:
    if quote is None:
        return "no_quote"
    return "stale_quote" if now - quote["at"] > STALE_AFTER else ""
