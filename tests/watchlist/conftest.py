"""A market of sixty symbols, and Alice's first list."""

from __future__ import annotations

import pytest

from apps.accounts.models import User
from apps.market.models import Instrument
from apps.watchlist.models import Watchlist
from apps.watchlist.queries import WELL_KNOWN
from apps.watchlist.services import default_watchlist


@pytest.fixture
def market(db: None) -> None:
    """The well-known ones, T00 to T50, and one that is no longer traded."""
    symbols = [*WELL_KNOWN, *(f"T{number:02}" for number in range(51))]
    Instrument.objects.bulk_create(Instrument(symbol=symbol, name=f"{symbol} Inc.") for symbol in symbols)
    Instrument.objects.create(symbol="GONE", name="Gone Inc.", tradable=False)


@pytest.fixture
def watchlist(alice: User, market: None) -> Watchlist:
    return default_watchlist(alice)
