"""A split is no move of the price: what waits for a price waits for that of the new shares."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from apps.desk.crossing import Crossing
from apps.market.models import Instrument, MarketState
from apps.portfolio.models import CorporateAction
from apps.traderalerts.firing import fire
from apps.traderalerts.models import TraderAlert
from tests.trades.applied import apply_due

pytestmark = pytest.mark.django_db


def test_levels_are_split_and_a_crossing_of_old_ones_is_none(make: Any, held: Any, now: datetime) -> None:
    """Half of 150 is below 140, and nothing has fallen; 60 is still to come."""
    below, above, moved = make("price_below", "140"), make("price_above", "160"), make("percent_move", "10")
    day = now.date() + timedelta(days=1)
    MarketState.objects.update(session_date=day)
    aapl = Instrument.objects.get(symbol="AAPL")
    CorporateAction.objects.create(instrument=aapl, kind="split", ex_date=day, new=2, old=1)
    later = now + timedelta(seconds=1)

    apply_due(later)

    after = {alert.pk: alert for alert in TraderAlert.objects.all()}
    assert [after[alert.pk].threshold for alert in (below, above, moved)] == [70, 80, 10]
    assert after[moved.pk].base == moved.base / 2
    assert not fire(below.pk, below.waiting_since, Crossing(later, Decimal(75)), later)
    assert fire(below.pk, later, Crossing(later, Decimal(69)), later)
