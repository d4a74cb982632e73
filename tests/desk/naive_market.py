"""What a quote does to the orders of the naive desk: whom it elects, and who gets how much of it."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from .naive_order import NaiveOrder

WHOLE = {"AAPL": Fraction(1), "FRAC": Fraction(1, 1000)}  # the least quantity


def dearest(order: NaiveOrder, quote: dict[str, Any]) -> Fraction:
    """What a share may cost, or a short one fetch, at most."""
    above = Fraction(105, 100)
    if order.side == "sell":
        return max(order.limit or Fraction(0), quote["bid"] * above)
    return (
        order.limit
        if order.limit is not None
        else max(quote["ask"], order.stop_at(quote["ask"]) or Fraction(0)) * above
    )


def elect(alive: list[NaiveOrder], quote: dict[str, Any]) -> list[NaiveOrder]:
    """Those that waited for the price that it shows."""
    found = []
    for order in alive:
        reached = order.stop_price
        if order.waits and (quote["ask"] >= reached if order.side == "buy" else quote["bid"] <= reached):
            order.elected = True
            found.append(order)
    return found


def share_out(
    alive: list[NaiveOrder], quote: dict[str, Any], elected: list[NaiveOrder]
) -> list[tuple[NaiveOrder, Fraction, str]]:
    """Whole lots of what is shown, in turn, and whether each makes or takes."""
    shown = {"buy": quote["ask_left"], "sell": quote["bid_left"]}
    shares = []
    for order in in_turn([each for each in alive if not each.waits and good_enough(each, quote)]):
        lots = min(order.rest, shown[order.side]) // WHOLE[order.symbol]
        qty = lots * WHOLE[order.symbol]
        if qty and (qty == order.rest or order.tif != "fok"):
            shown[order.side] -= qty
            stood = order.placed_at < quote["at"] if order.type == "limit" else order not in elected
            makes = order.limit is not None and (stood or order.cum > 0)
            shares.append((order, qty, "maker" if makes else "taker"))
    return shares


def good_enough(order: NaiveOrder, quote: dict[str, Any]) -> bool:
    if order.limit is None:
        return True
    return quote["ask"] <= order.limit if order.side == "buy" else quote["bid"] >= order.limit


def in_turn(orders: list[NaiveOrder]) -> list[NaiveOrder]:
    """Those that take any price, then the buys from the highest limit down, then the sells from the lowest up."""
    by_time = sorted(orders, key=lambda each: (each.placed_at, each.key))
    turn = [each for each in by_time if each.limit is None]
    for side, highest_first in (("buy", True), ("sell", False)):
        asked = {each.limit for each in orders if each.side == side and each.limit is not None}
        for limit in sorted(asked, reverse=highest_first):
            turn += [each for each in by_time if each.side == side and each.limit == limit]
    return turn
