"""An order of the naive desk, and its numbers: fractions, which are exact."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Any


@dataclass
class NaiveOrder:
    key: str
    trader: str
    symbol: str
    side: str
    type: str
    tif: str
    quantity: Fraction
    placed_at: int
    limit: Fraction | None
    stop: Fraction | None
    trail: str | None
    till: int | None
    extended: bool = False
    status: str = "new"
    cum: Fraction = Fraction(0)
    elected: bool = False
    seen: list[Fraction] = field(default_factory=list)
    reserved: Fraction = Fraction(0)

    @property
    def works(self) -> bool:
        return self.status in ("new", "partially_filled")

    @property
    def rest(self) -> Fraction:
        return self.quantity - self.cum

    @property
    def best(self) -> Fraction | None:
        if not self.seen:
            return None
        return min(self.seen) if self.side == "buy" else max(self.seen)

    @property
    def stop_price(self) -> Fraction | None:
        if self.trail is None or self.best is None:
            return self.stop
        away = Fraction(self.trail.rstrip("%"))
        if self.trail.endswith("%"):
            away = self.best * away / 100
        return rounded(self.best + away if self.side == "buy" else self.best - away, 8)

    @property
    def waits(self) -> bool:
        return self.type in ("stop", "stop_limit", "trailing_stop") and not self.elected


def end(order: NaiveOrder, status: str) -> None:
    order.status, order.reserved = status, Fraction(0)


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


def facts_of(order: NaiveOrder) -> dict[str, Any]:
    words = ("symbol", "side", "type", "tif", "quantity", "placed_at", "limit", "stop", "trail", "till", "status")
    more = {name: getattr(order, name) for name in (*words, "cum", "elected", "trader", "reserved")}
    return {**more, "watermark": order.best}


def rounded(value: Fraction, places: int) -> Fraction:
    """Half to even, as Python rounds fractions."""
    return Fraction(round(value * 10**places), 10**places)


def text(value: Fraction) -> str:
    return f"{(Decimal(value.numerator) / Decimal(value.denominator)).normalize():f}"


def texts(value: Any) -> Any:
    if isinstance(value, Fraction):
        return text(value)
    if isinstance(value, dict):
        return {name: texts(each) for name, each in value.items()}
    return [texts(each) for each in value] if isinstance(value, list) else value
