"""Every page of the desk, for what must hold on all of them."""

from __future__ import annotations

SIGNED_OUT = ("/", "/status/")
SIGNED_IN = (
    "/",
    "/orders/",
    "/history/",
    "/symbols/AAPL/",
    "/watchlist/",
    "/alerts/",
    "/portfolio/",
    "/portfolio/performance/",
    "/portfolio/receipts/equity/",
    "/portfolio/receipts/sharpe-ratio/",
    "/portfolio/receipts/win-rate/",
    "/portfolio/receipts/symbol-realized/",
    "/activity/",
    "/settings/",
)
STAFF = ("/ops/", "/ops/transport/", "/ops/trading/", "/ops/engagement/")
THEMES = ("light", "dark")
