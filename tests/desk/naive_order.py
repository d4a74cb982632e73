"""An order of the naive desk, and its numbers: fractions, which are exact."""

from __future__ import annotations

from collections.abc import Iterable
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
    effect: str = ""
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
    def opens(self) -> bool:
        return self.effect == "open"

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
        return self.behind(self.trail, self.best)

    def stop_at(self, price: Fraction) -> Fraction | None:
        """Where its stop would be, had it seen this price too."""
        if self.trail is None or not self.waits:
            return self.stop_price
        seen = [*self.seen, price]
        return self.behind(self.trail, min(seen) if self.side == "buy" else max(seen))

    def behind(self, trail: str, best: Fraction) -> Fraction:
        away = Fraction(trail.rstrip("%"))
        if trail.endswith("%"):
            away = best * away / 100
        return rounded(best + away if self.side == "buy" else best - away, 8)

    @property
    def waits(self) -> bool:
        return self.type in ("stop", "stop_limit", "trailing_stop") and not self.elected


def end(order: NaiveOrder, status: str) -> None:
    order.status, order.reserved = status, Fraction(0)


def facts_of(order: NaiveOrder) -> dict[str, Any]:
    words = (
        "symbol",
        "side",
        "effect",
        "type",
        "tif",
        "quantity",
        "placed_at",
        "limit",
        "stop",
        "trail",
        "till",
        "status",
    )
    more = {name: getattr(order, name) for name in (*words, "cum", "elected", "trader", "reserved")}
    return {**more, "watermark": order.best}


def rounded(value: Fraction, places: int) -> Fraction:
    """Half to even, as Python rounds fractions."""
    return Fraction(round(value * 10**places), 10**places)


def total(amounts: Iterable[Fraction]) -> Fraction:
    return sum(amounts, Fraction(0))


def text(value: Fraction) -> str:
    return f"{(Decimal(value.numerator) / Decimal(value.denominator)).normalize():f}"


def texts(value: Any) -> Any:
    if isinstance(value, Fraction):
        return text(value)
    if isinstance(value, dict):
        return {name: texts(each) for name, each in value.items()}
    return [texts(each) for each in value] if isinstance(value, list) else value
