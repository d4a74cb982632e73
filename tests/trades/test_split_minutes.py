"""Minutes of before a split are told in the shares of after it, and stay on record as they were traded."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import pytest_asyncio
from django.test import Client

from apps.desk.fill import Fill
from apps.desk.order import Side
from apps.desk.position import Split
from apps.market import queries, wire
from apps.market import services as market
from apps.market.feeds import Tick
from apps.market.models import Bar, Instrument
from apps.market.quotes import board
from apps.portfolio import services as portfolio
from apps.portfolio.asof import view_as_of
from apps.portfolio.models import Account, CorporateAction
from apps.trades.engine import Desk
from apps.trades.threads import in_thread

from .http import JSON
from .scripted import scripted_desk

pytestmark = pytest.mark.django_db(transaction=True)
D = Decimal


@pytest_asyncio.fixture
async def desk(account: Account) -> Desk:
    """Nothing was traded yet."""
    board.clear()
    made = await scripted_desk()
    await in_thread(market.open_market, made.feed)
    return made


def traded(desk: Desk, price: str, minutes_ago: int) -> None:
    """10 shares, so long ago by the venue."""
    now, size = datetime.now(UTC), D(1000)
    at = now - timedelta(minutes=minutes_ago)
    desk.take([Tick("AAPL", D(price), D(price), size, size, D(price), venue_at=at, received_at=now, volume=D(10))])


async def split(desk: Desk) -> None:
    """Two for one, due today."""
    aapl = await in_thread(Instrument.objects.get, symbol="AAPL")
    terms = {"kind": "split", "ex_date": datetime.now(UTC).date(), "new": 2, "old": 1}
    await in_thread(CorporateAction.objects.create, instrument=aapl, **terms)
    await desk.each_minute(datetime.now(UTC))


async def paths(desk: Desk) -> list[tuple[Decimal, ...]]:
    await desk.save_market()
    return [(bar.open, bar.high, bar.low, bar.close) for bar in await in_thread(queries.bars, "AAPL", 30)]


async def on_record() -> list[Decimal]:
    return await in_thread(lambda: list(Bar.objects.order_by("start").values_list("close", flat=True)))


async def test_chart_has_no_cliff_and_the_record_is_as_it_was_traded(desk: Desk) -> None:
    traded(desk, "150.00", 4)
    traded(desk, "152.00", 3)
    await desk.save_market()
    traded(desk, "154.00", 2)

    await split(desk)

    flat = [(D(price),) * 4 for price in (75, 76, 77, 77)]
    assert await paths(desk) == flat
    assert await on_record() == [150, 152, 154, 77]
    assert board.spark("AAPL") == [75, 76, 77, 77]
    found = await in_thread(queries.bars, "AAPL", 30)
    assert [bar.volume for bar in found] == [20, 20, 20, 0]


async def test_the_minute_of_the_split_itself_is_in_new_shares(desk: Desk) -> None:
    traded(desk, "150.00", 3)
    traded(desk, "154.00", 0)

    await split(desk)
    traded(desk, "78.00", 0)

    assert {price for path in await paths(desk) for price in path} == {D(75), D(77), D(78)}
    assert set(board.spark("AAPL")) <= {D(75), D(77), D(78)}


async def test_a_process_that_starts_after_it_shows_the_same(desk: Desk) -> None:
    traded(desk, "150.00", 3)
    await split(desk)
    await desk.save_market()
    seen = board.spark("AAPL")
    board.clear()

    await in_thread(board.refresh)
    await in_thread(board.learn_minutes)

    assert board.spark("AAPL") == seen == [75, 75]


async def test_a_process_that_hears_it_twice_splits_once(desk: Desk) -> None:
    traded(desk, "150.00", 3)
    at = datetime.now(UTC)
    finished = wire.tell_split(Split("AAPL", 2, 1), at)
    wire.hear_split(["AAPL", 2, 1, at.isoformat()])

    assert ([bar.close for bar in finished], board.spark("AAPL")) == ([150], [75])


async def test_a_moment_of_before_is_priced_as_it_was_traded(desk: Desk) -> None:
    traded(desk, "150.00", 3)
    await split(desk)
    await desk.save_market()
    before = datetime.now(UTC) - timedelta(minutes=1, seconds=30)

    price = await in_thread(queries.last_price, "AAPL", before)
    assert price is not None and price.price == 150


async def test_a_receipt_of_the_minute_of_the_split_is_of_new_shares_at_their_price(
    desk: Desk, account: Account
) -> None:
    """Until that minute is over, the newest one that is has the price of the old shares."""
    traded(desk, "150.00", 3)
    day_before = datetime.now(UTC) - timedelta(days=1)
    bought = Fill("x1", "o1", "AAPL", Side.BUY, D(10), D("100.00"), D(0), "taker", day_before)
    await in_thread(portfolio.book_fill, account.pk, bought)
    await desk.save_market()
    before = datetime.now(UTC)
    await split(desk)

    views = [(await in_thread(view_as_of, account, at))[0] for at in (before, datetime.now(UTC))]

    held = [(each.held.quantity, each.last, each.market_value) for view in views for each in view.positions]
    assert held == [(10, D(150), D("1500.00")), (20, D(75), D("1500.00"))]


async def test_the_bars_behind_the_chart_are_of_new_shares(desk: Desk, alice: Any) -> None:
    traded(desk, "150.00", 3)
    await split(desk)
    client = Client()
    await in_thread(client.force_login, alice)

    answer = await in_thread(client.get, "/symbols/AAPL/bars.json", headers=JSON)

    closes = [each["close"] for each in answer.json()["bars"]]
    assert {D(str(close)) for close in closes} == {D(75)}


async def test_minutes_are_of_before_by_the_clock_of_the_venue(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A recording plays in the past: what it plays after the split is of the new shares."""
    now = datetime.now(UTC)
    traded(desk, "150.00", 8)
    monkeypatch.setattr(desk.feed, "clock", lambda: now - timedelta(minutes=5))
    await split(desk)
    traded(desk, "76.00", 3)

    assert [path[-1] for path in await paths(desk)] == [75, 75, 76]
