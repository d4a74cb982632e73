"""What traders may limit themselves, and the largest figure of each limit that can be typed."""

from __future__ import annotations

from decimal import Decimal

STOPPED = "stopped"
LABELS = {
    STOPPED: "No new orders",
    "position_qty": "Largest position (shares)",
    "position_usd": "Largest position (USD)",
    "position_pct": "Largest position (% of equity)",
    "exposure_usd": "Largest exposure (USD)",
    "exposure_pct": "Largest exposure (% of equity)",
    "orders_per_minute": "Orders per minute",
    "day_loss": "Largest loss of a day (USD)",
    "drawdown_pct": "Largest fall from the best (%)",
}
MOST: dict[str, Decimal | int] = {
    "position_qty": Decimal(10**10),
    "position_usd": Decimal(10**12),
    "position_pct": Decimal(1000),
    "exposure_usd": Decimal(10**12),
    "exposure_pct": Decimal(1000),
    "orders_per_minute": 10_000,
    "day_loss": Decimal(10**12),
    "drawdown_pct": Decimal(100),
    "price_band_pct": Decimal(1000),
}
