"""An alert goes on under the new symbol of its share, on the quotes of a desk that runs."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
import pytest_asyncio

from apps.market import services as market
from apps.market.models import Instrument
from apps.portfolio.models import Account, CorporateAction
from apps.trades.engine import Desk
from apps.trades.threads import in_thread
from tests.trades.scripted import quoted, scripted_desk

from .conftest import MakeAlert
from .watched import fired, watcher_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest_asyncio.fixture
async def desk(account: Account) -> Desk:
    made = await scripted_desk()
    await in_thread(market.open_market, made.feed)
    return made


async def test_level_that_the_new_symbol_crosses_is_told_once(desk: Desk, make: MakeAlert) -> None:
    watcher = watcher_of(desk)
    await quoted(desk)
    await watcher.turn()
    alert = await in_thread(make, "price_above", "151", at=datetime.now(UTC))
    watcher.changed = True
    await watcher.turn()
    aapl = await in_thread(Instrument.objects.get, symbol="AAPL")
    terms = {"kind": "symbol", "ex_date": datetime.now(UTC).date(), "new_symbol": "NEW"}
    await in_thread(CorporateAction.objects.create, instrument=aapl, **terms)

    await desk.each_minute(datetime.now(UTC))
    await quoted(desk, "151.10", "151.12")
    await quoted(desk, "149.99", "150.01")
    watcher.changed = True
    for _ in range(2):
        await watcher.turn()

    (found,) = await in_thread(fired)
    assert (found.pk, found.value, found.firings) == (alert.pk, Decimal("151.12"), 1)
    assert await in_thread(lambda: found.symbol) == "NEW"
