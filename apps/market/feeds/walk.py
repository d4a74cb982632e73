"""A geometric walk of many prices that move together: the market, the sector, and what is each one's own."""

from __future__ import annotations

import random
from collections.abc import Sequence
from math import exp, log, sqrt

from .listed import SECTORS, Stock

TRADING_SECOND = 1 / sqrt(252 * 86_400)  # volatility a year → a second: a day around the clock moves like a day
MARKET_VOLATILITY = 0.15
PULL = 1 / (20 * 86_400)  # so weak that a day does not feel it, and a year does not end at a cent


class Walk:
    """Prices in USD as floats, seen by nobody: what leaves the feed is in ticks."""

    def __init__(self, rng: random.Random, stocks: Sequence[Stock]) -> None:
        self.gauss = rng.gauss
        self.base = [stock.price for stock in stocks]
        self.sector = [SECTORS.index(stock.sector) for stock in stocks]
        self.market_share = [stock.beta for stock in stocks]
        rest = [sqrt(max(s.volatility**2 - (s.beta * MARKET_VOLATILITY) ** 2, 1e-4)) for s in stocks]
        self.sector_share = [0.4 * each * TRADING_SECOND for each in rest]
        self.own_share = [0.9 * each * TRADING_SECOND for each in rest]
        self.market = 0.0
        self.sectors = [0.0] * len(SECTORS)
        self.own = [0.0] * len(stocks)

    def place(self, index: int, price: float) -> None:
        """Puts one price where it was left."""
        self.own[index] = log(price / self.base[index]) - self.common(index)

    def common(self, index: int) -> float:
        return self.market_share[index] * self.market + self.sector_share[index] * self.sectors[self.sector[index]]

    def move_all(self, seconds: float) -> None:
        """Moves the market and the sectors."""
        root, keep, gauss = sqrt(seconds), exp(-seconds * PULL), self.gauss
        self.market = self.market * keep + gauss(0.0, MARKET_VOLATILITY * TRADING_SECOND * root)
        self.sectors = [each * keep + gauss(0.0, root) for each in self.sectors]

    def move(self, index: int, seconds: float) -> float:
        """Moves what is the stock's own, and returns its price."""
        self.own[index] = self.own[index] * (1.0 - min(1.0, seconds * PULL)) + self.gauss(
            0.0, self.own_share[index] * sqrt(seconds)
        )
        return self.price(index)

    def price(self, index: int) -> float:
        return self.base[index] * exp(self.own[index] + self.common(index))
