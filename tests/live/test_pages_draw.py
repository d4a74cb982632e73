"""What drawing a page costs the database: as many queries for ten rows of each kind as for one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.accounts.models import User
from apps.desk.order import OrderType, Side
from apps.desk.quote import Quote
from apps.live.models import Event
from apps.live.pages import Page
from apps.market import services as market
from apps.market.models import Instrument, MarketState
from apps.market.quotes import board
from apps.portfolio import services as portfolio
from apps.portfolio.models import Lot, Position
from apps.traderalerts.models import Kind, TraderAlert
from apps.traderalerts.services import make_alert
from apps.traderalerts.terms import Terms
from apps.trades import filling, services
from apps.trades.models import Fill, Order
from apps.trades.ticket import Placed, Ticket
from apps.watchlist.services import Added, add_symbol, default_watchlist
from config import urls

PAGES: list[tuple[str, dict[str, str], int]] = [  # and the most queries each may take
    ("desk", {"symbol": "T0"}, 40),
    ("desk", {"symbol": "T0", "alone": "1"}, 35),
    ("portfolio", {}, 35),
    ("trades", {"tab": "working"}, 20),
    ("trades", {"tab": "filled"}, 20),
    ("trades", {"tab": "closed"}, 20),
    ("trades", {"order": "newest"}, 15),
    ("history", {}, 10),
    ("watchlist", {}, 15),
    ("alerts", {}, 15),
    ("activity", {}, 15),
    ("operations", {}, 16),
    *(("operations", {"of": of}, 15) for of in ("transport", "trading", "engagement", "connections")),
    ("activity", {"family": "order"}, 15),
]
Grow = Callable[[int], None]


@pytest.fixture
def grow(alice: User) -> Grow:
    """Gives alice one more symbol: watched, held, with an alert, a working, a filled and a cancelled order."""
    now, price = datetime.now(UTC), Decimal("10.00")
    MarketState.objects.create(is_open=True, session_date=now.date(), changed_at=now)
    account = portfolio.open_account(alice, Decimal(100_000))
    watchlist = default_watchlist(alice)

    def place(symbol: str, side: Side, limit: Decimal | None = None) -> Order:
        kind, number = OrderType.LIMIT if limit else OrderType.MARKET, Order.objects.count()
        ticket = Ticket(symbol, side, kind, Decimal(2), f"ticket-{number}", limit)
        answer = services.place_order(account, ticket, now)
        assert isinstance(answer, Placed), answer
        return answer.order

    def one_more(number: int) -> None:
        symbol = f"T{number}"
        row = Instrument.objects.create(symbol=symbol, name=symbol, previous_close=price, session_date=now.date())
        quote = Quote(symbol, price, price, Decimal(99), Decimal(99), price, now, now)
        market.save_quotes([quote])
        board.catch_up()
        assert isinstance(add_symbol(watchlist, symbol), Added)
        assert isinstance(make_alert(alice, Terms(Kind.PRICE_ABOVE, row, 2 * price), now), TraderAlert)
        place(symbol, Side.BUY)
        filling.match_symbol(symbol, quote, None, now)
        place(symbol, Side.BUY, Decimal(5))
        services.cancel_order(account, place(symbol, Side.SELL, Decimal(20)).pk, now)

    return one_more


def queries_of(user: User, name: str, params: dict[str, str]) -> list[str]:
    who = User.objects.get(pk=user.pk)  # as each request has it: what it may do is not known yet
    with CaptureQueriesContext(connection) as queries:
        Page.registry[name].draw(who, params)
    return [query["sql"] for query in queries]


def rows() -> list[int]:
    told = Event.objects.filter(kind__startswith="order.")
    return [model.objects.count() for model in (Position, Lot, Fill)] + [
        Order.objects.count() // 3,
        told.filter(toast=True).count() // 5,
    ]


@pytest.mark.django_db
@pytest.mark.parametrize("known", [True, False], ids=["quotes in memory", "quotes in the database"])
@pytest.mark.parametrize(("name", "params", "most"), PAGES, ids=lambda value: str(value))
def test_page_takes_as_many_queries_for_ten_rows_as_for_one(
    name: str, params: dict[str, str], most: int, known: bool, alice: User, grow: Grow
) -> None:
    """R-FAST"""
    taken: list[list[str]] = []
    for numbers in (range(1), range(1, 10)):
        for number in numbers:
            grow(number)
        asked = (
            {**params, "order": str(Order.objects.get(client_order_id="ticket-0").pk)} if "order" in params else params
        )
        board.clear()
        if known:
            queries_of(alice, name, asked)  # the first page reads quotes and minutes for all
        taken.append(queries_of(alice, name, asked))

    few, many = taken
    assert rows() == [10] * 5
    assert len(many) == len(few) <= most, "\n".join(many)


def test_every_page_is_counted() -> None:
    assert urls.urlpatterns and {name for name, _, _ in PAGES} == Page.registry.keys()


@pytest.mark.django_db
def test_order_page_takes_as_many_queries_for_many_fills(alice: User, grow: Grow) -> None:
    """R-FAST"""
    grow(0)
    order = Order.objects.get(client_order_id="ticket-0")
    few = queries_of(alice, "trades", {"order": str(order.pk)})
    fill: Any = order.fills.get()
    for number in range(9):
        fill.pk, fill.exec_id = None, f"more-{number}"
        fill.save(force_insert=True)

    many = queries_of(alice, "trades", {"order": str(order.pk)})

    assert (len(many), order.fills.count()) == (len(few), 10)
