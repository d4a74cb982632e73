"""What stands at a price, in the order of the prices."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from decimal import Decimal
from operator import itemgetter
from typing import Generic, TypeVar

K = TypeVar("K", str, Decimal)
PRICE = itemgetter(0)


class Levels(Generic[K]):
    """Ids by price (USD)."""

    def __init__(self) -> None:
        self.rows: list[tuple[Decimal, K]] = []

    def add(self, price: Decimal, key: K) -> None:
        insort(self.rows, (price, key))

    def remove(self, price: Decimal, key: K) -> None:
        del self.rows[bisect_left(self.rows, (price, key))]

    def at_most(self, price: Decimal) -> list[K]:
        return [key for _, key in self.rows[: bisect_right(self.rows, price, key=PRICE)]]

    def below(self, price: Decimal) -> list[K]:
        return [key for _, key in self.rows[: bisect_left(self.rows, price, key=PRICE)]]

    def at_least(self, price: Decimal) -> list[K]:
        return [key for _, key in self.rows[bisect_left(self.rows, price, key=PRICE) :]]

    def above(self, price: Decimal) -> list[K]:
        return [key for _, key in self.rows[bisect_right(self.rows, price, key=PRICE) :]]
