"""The paper broker's memory of the working orders: true after every change, and read only where something changed."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.desk.instrument import Renamed
from apps.desk.quote import Quote
from apps.market.quotes import board
from apps.portfolio.models import Account
from apps.trades import services
from apps.trades.brokers.paper import PaperBroker
from apps.trades.models import Order
from apps.trades.ticket import Change

from .words import now_is

pytestmark = pytest.mark.django_db
Place = Callable[..., Order]
Quotes = Callable[..., Quote]


TRAILING, RENAMINGS = 50, 40


@pytest.fixture
def broker() -> PaperBroker:
    return PaperBroker()


def test_looking_again_reads_nothing_where_nothing_changed(broker: PaperBroker, placed: Place) -> None:
    for _ in range(5):
        placed("buy 1 AAPL limit 100")
    broker.refresh()

    with CaptureQueriesContext(connection) as queries:
        assert broker.refresh() == {"AAPL"}

    assert len(queries) == 1


def test_an_order_that_rang_is_read_and_no_other(broker: PaperBroker, placed: Place) -> None:
    """However many wait; the next look at all has nothing left to read."""
    counts = []
    for waiting in (2, 20):
        for _ in range(waiting):
            placed("buy 1 AAPL limit 100")
        broker.refresh()
        order = placed("buy 1 AAPL limit 99")
        with CaptureQueriesContext(connection) as queries:
            assert broker.refresh({str(order.pk)}) == {"AAPL"}
        counts.append(len(queries))
        with CaptureQueriesContext(connection) as queries:
            broker.refresh()
        counts.append(len(queries))

    assert counts == [1, 1, 1, 1]


def test_an_order_that_rang_and_has_ended_leaves_the_book(
    broker: PaperBroker, account: Account, placed: Place, quote: Quotes, now: datetime
) -> None:
    order = placed("buy 1 AAPL limit 151")
    broker.refresh({str(order.pk)})
    waited = broker.would_fill(quote(), now)
    services.cancel_order(account, order.pk, now)

    assert (waited, broker.refresh({str(order.pk)})) == (True, set())
    assert not broker.would_fill(quote(), now)


def test_changed_and_cancelled_orders_are_seen(
    broker: PaperBroker, account: Account, placed: Place, quote: Quotes, now: datetime
) -> None:
    changed, cancelled = placed("buy 1 AAPL limit 100"), placed("buy 1 AAPL limit 151")
    broker.refresh()
    services.cancel_order(account, cancelled.pk, now)
    broker.refresh()
    waits = broker.would_fill(quote(), now)

    services.replace_order(account, changed.pk, Change(Decimal(1), Decimal(151), None), now)
    broker.refresh()

    assert (waits, broker.would_fill(quote(), now)) == (False, True)


def test_what_another_has_ended_is_looked_at_once(
    broker: PaperBroker, account: Account, placed: Place, quote: Quotes, now: datetime
) -> None:
    """Cancelled since the last look: the database says so, and it is not asked at every quote."""
    order = placed("buy 1 AAPL limit 151")
    broker.refresh()
    services.cancel_order(account, order.pk, now)

    asked = []
    for _ in range(2):
        asked.append(broker.would_fill(quote(), now))
        broker.fill(quote(), now)

    assert asked == [True, False]
    assert broker.refresh() == set()


@pytest.mark.parametrize("words", ["buy 1 AAPL limit 150.01", "buy 1 AAPL"])
def test_fill_costs_what_it_reaches_and_not_what_waits(
    words: str, broker: PaperBroker, held: Order, placed: Place, quote: Quotes, now: datetime
) -> None:
    counts = []
    for waiting in (2, 20):
        for _ in range(waiting):
            placed("buy 1 AAPL limit 100")
        order = placed(words)
        broker.refresh()
        with CaptureQueriesContext(connection) as queries:
            broker.fill(quote(), now)
        assert Order.objects.get(pk=order.pk).status == "filled"
        counts.append(len(queries))

    assert counts[0] == counts[1]


def test_less_than_a_share_is_filled_where_lots_are_smaller(
    broker: PaperBroker, placed: Place, quote: Quotes, now: datetime
) -> None:
    """FRAC trades in thousandths; of AAPL nothing less than a share is worth a look."""
    board.put(quote(symbol="FRAC"))
    part, whole = placed("buy 0.5 FRAC"), placed("buy 1 AAPL")
    broker.refresh()
    little = quote(symbol="FRAC", size=Decimal("0.4"))

    looks = broker.would_fill(little, now), broker.would_fill(quote(size=Decimal("0.4")), now)
    broker.fill(little, now)

    assert looks == (True, False)
    assert (now_is(part)[:2], now_is(whole)[:2]) == (("partially_filled", Decimal("0.4")), ("new", 0))


def test_exits_are_in_the_book_as_soon_as_their_order_has_filled(
    broker: PaperBroker, placed: Place, quote: Quotes, now: datetime
) -> None:
    """Between two refreshes, too."""
    placed("buy 10 AAPL", take_profit=Decimal(160), stop_loss=Decimal(145))
    broker.refresh()
    broker.fill(quote(), now)

    assert broker.would_fill(quote("160.00", "160.10"), now)
    broker.fill(quote("160.00", "160.10"), now)
    assert not broker.would_fill(quote("144.00", "144.10"), now)


@pytest.fixture
def threads_alternate() -> Iterator[None]:
    """As often as they can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("held", "threads_alternate")
def test_trailing_stops_are_told_whole_while_the_matching_changes_the_books(
    broker: PaperBroker, placed: Place, quote: Quotes, now: datetime
) -> None:
    """The loop asks for them each second, whatever the matching thread is at."""
    orders = [placed("sell 1 AAPL trail 1.00") for _ in range(TRAILING)]
    broker.refresh()
    broker.would_fill(quote("150.50", "150.60"), now)
    seen = {str(order.pk): Decimal("150.50") for order in orders}

    def change() -> None:
        for _ in range(RENAMINGS):
            broker.rename(Renamed("AAPL", "NEW"))
            broker.rename(Renamed("NEW", "AAPL"))

    told = []
    with ThreadPoolExecutor(1) as matching:
        changing = matching.submit(change)
        while not changing.done():
            told.append(broker.trailed())
        changing.result()

    assert [each for each in told if each != seen] == []
    assert told
