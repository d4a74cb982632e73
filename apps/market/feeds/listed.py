"""The instruments of the simulated market: real names, plausible prices, volatilities and spreads."""

from __future__ import annotations

from dataclasses import dataclass

from apps.desk.currency import BASE

SECTORS = ("index", "technology", "consumer", "finance", "health", "energy")


@dataclass(frozen=True, slots=True)
class Stock:
    """`price` in `currency`, in ticks of so many decimal `places`, `volatility` a year, `beta` to the market, `spread`
    in ticks, `depth` in round lots. A pair of currencies is not `tradable`."""

    symbol: str
    name: str
    sector: str
    price: float
    volatility: float
    beta: float
    spread: int
    depth: float
    currency: str = BASE
    places: int = 2
    tradable: bool = True

    @property
    def scale(self) -> int:
        """Ticks in a unit of its currency."""
        return int(10**self.places)


KNOWN = (
    Stock("AAPL", "Apple Inc.", "technology", 232.40, 0.26, 1.15, 1, 6),
    Stock("MSFT", "Microsoft Corporation", "technology", 421.80, 0.23, 1.05, 3, 3),
    Stock("NVDA", "NVIDIA Corporation", "technology", 138.60, 0.48, 1.75, 1, 9),
    Stock("AMZN", "Amazon.com, Inc.", "consumer", 207.30, 0.32, 1.25, 1, 5),
    Stock("GOOGL", "Alphabet Inc. Class A", "technology", 176.90, 0.28, 1.10, 1, 5),
    Stock("META", "Meta Platforms, Inc.", "technology", 572.10, 0.34, 1.25, 6, 2),
    Stock("TSLA", "Tesla, Inc.", "consumer", 318.70, 0.58, 1.70, 3, 4),
    Stock("JPM", "JPMorgan Chase & Co.", "finance", 238.20, 0.24, 1.05, 2, 3),
    Stock("V", "Visa Inc. Class A", "finance", 309.50, 0.20, 0.90, 3, 2),
    Stock("JNJ", "Johnson & Johnson", "health", 156.20, 0.17, 0.55, 1, 4),
    Stock("SPY", "SPDR S&P 500 ETF Trust", "index", 589.30, 0.15, 1.00, 1, 14),
    Stock("QQQ", "Invesco QQQ Trust", "index", 503.40, 0.20, 1.20, 1, 11),
    Stock("AMD", "Advanced Micro Devices, Inc.", "technology", 141.80, 0.47, 1.70, 1, 6),
    Stock("NFLX", "Netflix, Inc.", "consumer", 846.50, 0.36, 1.15, 14, 1.5),
    Stock("BAC", "Bank of America Corporation", "finance", 46.30, 0.26, 1.15, 1, 40),
    Stock("XOM", "Exxon Mobil Corporation", "energy", 120.40, 0.23, 0.75, 1, 7),
    Stock("WMT", "Walmart Inc.", "consumer", 85.60, 0.19, 0.65, 1, 10),
    Stock("KO", "The Coca-Cola Company", "consumer", 63.90, 0.15, 0.50, 1, 16),
    Stock("PFE", "Pfizer Inc.", "health", 25.70, 0.24, 0.60, 1, 60),
    Stock("DIS", "The Walt Disney Company", "consumer", 113.20, 0.27, 1.05, 1, 6),
)
ABROAD = (
    Stock("SAP.DE", "SAP SE", "technology", 245.30, 0.25, 1.10, 2, 4, "EUR"),
    Stock("ULVR.L", "Unilever PLC", "consumer", 45.20, 0.17, 0.55, 1, 6, "GBP"),
    Stock("7203.T", "Toyota Motor Corporation", "consumer", 2684, 0.24, 0.80, 1, 5, "JPY", places=0),
    Stock("EURUSD", "Euro in US dollars", "index", 1.0845, 0.08, 0.0, 2, 40, places=5, tradable=False),
    Stock("GBPUSD", "Pound sterling in US dollars", "index", 1.2710, 0.09, 0.0, 3, 40, places=5, tradable=False),
    Stock("USDJPY", "US dollar in yen", "index", 155.20, 0.09, 0.0, 5, 40, "JPY", places=3, tradable=False),
)
"""Shares in other currencies, and what these are worth."""
NAMES = {stock.symbol: stock.name for stock in KNOWN}


def stocks(count: int) -> list[Stock]:
    """The first `count` of the simulated market; beyond the known ones SIM021, SIM022, …"""
    return [*KNOWN[:count], *(invented(number) for number in range(len(KNOWN) + 1, count + 1))]


def invented(number: int) -> Stock:
    sector = SECTORS[1 + number % 5]
    return Stock(
        f"SIM{number:03}",
        f"Simulated {sector} company {number}",
        sector,
        price=10 + (number * 37) % 390 + (number % 100) / 100,
        volatility=0.18 + (number * 7 % 40) / 100,
        beta=0.5 + (number * 11 % 120) / 100,
        spread=1 + number % 4,
        depth=2.0 + number % 9,
    )
