"""A running desk whose feed calls a share otherwise from one moment on: no quote, order or minute is lost."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
import pytest_asyncio

from apps.market import services as market
from apps.market.models import Bar, Instrument, LastQuote
from apps.market.quotes import board
from apps.portfolio.models import Account, CorporateAction
from apps.trades import services
from apps.trades.companies import act_on_companies
from apps.trades.engine import Desk
from apps.trades.models import Order
from apps.trades.threads import in_thread
from apps.trades.ticket import Ticket

from .scripted import place, quoted, scripted_desk, status_of

pytestmark = pytest.mark.django_db(transaction=True)
Words = Callable[..., Ticket]


@pytest_asyncio.fixture
async def desk(account: Account) -> Desk:
    made = await scripted_desk()
    await in_thread(market.open_market, made.feed)
    return made


async def renamed(desk: Desk) -> None:
    """It is due today."""
    aapl = await in_thread(Instrument.objects.get, symbol="AAPL")
    terms = {"kind": "symbol", "ex_date": datetime.now(UTC).date(), "new_symbol": "NEW"}
    await in_thread(CorporateAction.objects.create, instrument=aapl, **terms)
    await desk.each_minute(datetime.now(UTC))


async def test_working_orders_meet_the_quotes_of_the_new_symbol(desk: Desk, account: Account, ticket: Words) -> None:
    limit = await place(account, ticket("buy 10 AAPL limit 149.00", "gtc"))
    trailing = await place(account, ticket("buy 5 AAPL trail 1.00", "gtc"))
    for bid, ask in (("149.99", "150.01"), ("149.49", "149.51")):
        await quoted(desk, bid, ask)
        await desk.match_waiting()
        desk.orders_changed = True

    await renamed(desk)
    await desk.match_waiting()
    assert {await in_thread(status_of, order) for order in (limit, trailing)} == {"new"}
    assert list(desk.newest) == ["NEW"]
    await quoted(desk, "150.49", "150.51")
    await desk.match_waiting()
    await quoted(desk, "148.97", "148.99")
    await desk.match_waiting()

    assert {await in_thread(status_of, order) for order in (limit, trailing)} == {"filled"}
    assert desk.faults == set()


async def test_what_is_shown_until_the_next_trade_is_the_last_quote(desk: Desk) -> None:
    await quoted(desk, "149.99", "150.01")
    before = board.quotes["AAPL"]

    await renamed(desk)

    now = board.quotes["NEW"]
    assert (now.bid, now.ask, now.last, now.received_at > before.received_at) == (
        before.bid,
        before.ask,
        before.last,
        1,
    )
    assert not board.knows("AAPL")
    assert board.knows("NEW")
    assert "AAPL" not in board.quotes


async def test_quotes_and_minutes_that_were_not_saved_yet_are_saved(desk: Desk) -> None:
    await quoted(desk, "149.99", "150.01")
    await in_thread(LastQuote.objects.all().delete)

    await renamed(desk)
    await desk.save_market()

    (saved,) = await in_thread(lambda: list(LastQuote.objects.values_list("instrument__symbol", "last")))
    assert saved == ("NEW", Decimal("150.01"))
    assert await in_thread(lambda: set(Bar.objects.values_list("instrument__symbol", flat=True))) == {"NEW"}


async def test_quote_of_the_old_symbol_that_was_on_its_way_is_taken_for_the_new_one(desk: Desk) -> None:
    await quoted(desk)
    late = desk.newest["AAPL"]

    def book_and_be_late(*args: Any) -> Any:
        change = real(*args)
        desk.take([late])
        return change

    real, desk.broker.rename = desk.broker.rename, book_and_be_late  # type: ignore[method-assign]
    await renamed(desk)

    assert (list(desk.newest), list(desk.unsaved), "AAPL" in board.quotes) == (["NEW"], ["NEW"], False)


async def test_next_turn_knows_the_feed_by_the_new_symbol(desk: Desk, account: Account) -> None:
    """A feed that starts again still calls it by the old one."""
    await renamed(desk)
    again = await scripted_desk()

    await in_thread(market.open_market, again.feed)

    assert await in_thread(lambda: list(Instrument.objects.filter(name="Apple").values_list("symbol"))) == [("NEW",)]
    assert [each.symbol for each in again.feed.instruments()] == ["NEW"]


async def test_process_that_heard_nothing_learns_of_it_from_the_database(desk: Desk) -> None:
    await quoted(desk)
    await desk.save_market()
    await in_thread(board.refresh)
    await in_thread(CorporateAction.objects.all().delete)

    def elsewhere() -> None:
        Instrument.objects.filter(symbol="AAPL").update(symbol="NEW")
        board.outdated = True

    await in_thread(elsewhere)
    await in_thread(board.catch_up)

    assert (board.knows("AAPL"), board.knows("NEW"), board.quotes["NEW"].symbol) == (False, True, "NEW")


async def test_cancelling_and_closing_go_by_either_symbol(desk: Desk, account: Account, ticket: Words) -> None:
    order = await place(account, ticket("buy 10 AAPL limit 149.00", "gtc"))
    await renamed(desk)

    ended = await in_thread(services.cancel_all, account, "NEW", datetime.now(UTC))

    assert [each.pk for each in ended] == [order.pk]
    assert await in_thread(Order.objects.filter(status="canceled").count) == 1


async def test_nothing_due_asks_once_and_changes_nothing(desk: Desk) -> None:
    await quoted(desk)
    before = board.quotes["AAPL"]

    await act_on_companies(desk, datetime.now(UTC))

    assert board.quotes["AAPL"] is before
