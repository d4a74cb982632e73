"""A market that is open and quotes AAPL at 149.99 × 150.01, and accounts of 100,000 USD."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.test import Client
from psycopg import sql

from apps.desk.quote import Quote
from apps.market.models import Instrument, MarketState
from apps.market.quotes import board
from apps.portfolio import services as portfolio
from apps.portfolio import terms
from apps.portfolio.models import Account, AccountKind
from apps.trades import filling, services
from apps.trades.models import Order
from apps.trades.ticket import Placed, Ticket
from tests.services import postgres
from tests.templates import copy_sqlite

from .broken import broken
from .http import sign_in
from .race import RaceDesk
from .words import ticket_of


@pytest.fixture
def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def instruments(db: None) -> dict[str, Instrument]:
    made = [
        Instrument(symbol="AAPL", name="Apple"),
        Instrument(symbol="MSFT", name="Microsoft"),
        Instrument(symbol="FRAC", name="Fractional", lot_size=Decimal("0.001")),
        Instrument(symbol="HALT", name="Halted", tradable=False),
    ]
    return {row.symbol: row for row in Instrument.objects.bulk_create(made)}


@pytest.fixture
def quote(now: datetime) -> Callable[..., Quote]:
    """A quote of AAPL as of now; what is named differs."""

    def make(bid: str = "149.99", ask: str = "150.01", size: int = 1000, **named: Any) -> Quote:
        facts = {
            "symbol": "AAPL",
            "bid": Decimal(bid),
            "ask": Decimal(ask),
            "bid_size": Decimal(size),
            "ask_size": Decimal(size),
            "last": Decimal(ask),
            "venue_at": now,
            "received_at": now,
        }
        return Quote(**{**facts, **named})

    return make


@pytest.fixture
def market(instruments: dict[str, Instrument], quote: Callable[..., Quote], now: datetime) -> MarketState:
    board.clear()
    board.put(quote())
    state, _ = MarketState.objects.update_or_create(
        pk=1,
        defaults={
            "feed": "scripted",
            "is_open": True,
            "session_date": now.date(),
            "opens_at": now - timedelta(hours=1),
            "closes_at": now + timedelta(hours=1),
            "beat_at": now,
        },
    )
    return state


@pytest.fixture
def account(alice: Any, market: MarketState) -> Account:
    return portfolio.open_account(alice, Decimal(100_000))


@pytest.fixture
def ticket() -> Callable[..., Ticket]:
    """A ticket said as a trader says it: ticket("buy 10 AAPL"), ticket("sell 5 AAPL limit 151.00")."""
    made = 0

    def make(words: str, tif: str = "day", client_order_id: str = "", **more: Any) -> Ticket:
        nonlocal made
        made += 1
        return ticket_of(words, client_order_id or f"ticket-{made}", tif, **more)

    return make


@pytest.fixture
def placed(account: Account, ticket: Callable[..., Ticket], now: datetime) -> Callable[..., Order]:
    """Places what the words say for alice and gives the order back."""

    def place(
        words: str, tif: str = "day", owner: Account | None = None, at: datetime | None = None, **more: Any
    ) -> Order:
        answer = services.place_order(owner or account, ticket(words, tif, **more), at or now)
        assert isinstance(answer, Placed), answer
        return answer.order

    return place


@pytest.fixture
def held(placed: Callable[..., Order], quote: Callable[..., Quote], now: datetime) -> Order:
    """Alice holds 100 AAPL bought at 150.01."""
    order = placed("buy 100 AAPL")
    filling.match_symbol("AAPL", quote(), None, now)
    return order


@pytest.fixture
def desk(account: Account, alice: Any) -> Client:
    """Alice's browser."""
    return sign_in(alice)


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def race_server(request: pytest.FixtureRequest) -> Iterator[str]:
    """Where databases can be made, each a copy of a migrated one."""
    if request.param == "sqlite":
        yield "sqlite"
        return
    with postgres(request.getfixturevalue("migrated_postgres")) as url:
        yield url


@pytest.fixture(scope="module")
def prepared(race_server: str, migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """What every race of a module starts from."""
    if race_server == "sqlite":
        file = tmp_path_factory.mktemp("prepared") / "desk.sqlite3"
        copy_sqlite(migrated_sqlite, file)
        url = f"sqlite:///{file}"
    else:
        url = made_database(race_server)
    RaceDesk(url).run("prepare")
    return url


def made_database(server: str, template: str = "postgres") -> str:
    name = f"race_{uuid.uuid4().hex}"
    made = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(made)
    return f"{server.rpartition('/')[0]}/{name}"


@pytest.fixture
def race_desk(race_server: str, prepared: str, tmp_path: Path) -> RaceDesk:
    """Each race has a database of its own."""
    if race_server != "sqlite":
        return RaceDesk(made_database(race_server, prepared.rpartition("/")[2]))
    for path in Path(prepared.removeprefix("sqlite:///")).parent.iterdir():
        shutil.copy(path, tmp_path)
    return RaceDesk(f"sqlite:///{tmp_path}/desk.sqlite3")


@pytest.fixture
def margin(account: Account) -> Account:
    terms.set_kind(account, AccountKind.MARGIN)
    return account


@pytest.fixture
def trade(
    margin: Account, ticket: Callable[..., Ticket], quote: Callable[..., Quote], now: datetime
) -> Callable[..., Order]:
    """Places what the words say for alice, on margin, and lets the quote fill it."""

    def do(words: str, ask: str = "", **more: Any) -> Order:
        answer = services.place_order(margin, ticket(words, **more), now)
        assert isinstance(answer, Placed), answer
        given = quote(ask=ask, bid=str(Decimal(ask) - Decimal("0.02"))) if ask else quote()
        board.put(given)
        filling.match_symbol("AAPL", given, None, now)
        answer.order.refresh_from_db()
        return answer.order

    return do


@pytest.fixture
def pair(placed: Callable[..., Order]) -> Callable[..., tuple[Order, Order]]:
    """An order and what comes after it, as words."""

    def make(words: str, then: str, tif: str = "gtc", then_tif: str = "day", **more: Any) -> tuple[Order, Order]:
        first = placed(words, tif, then=ticket_of(then, "", then_tif, **more))
        return first, Order.objects.get(after=first)

    return make


@pytest.fixture
def meet(quote: Callable[..., Quote], now: datetime) -> Callable[..., None]:
    """A quote comes, newer than the one before, and all still adds up."""
    numbers = count(1)

    def come(bid: str = "149.99", ask: str = "150.01", size: int = 1000, **named: Any) -> None:
        newer = {"received_at": now + timedelta(microseconds=next(numbers)), **named}
        given = quote(bid, ask, size, **newer)
        board.put(given)
        assert filling.match_symbol(given.symbol, given, None, now).failed == {}
        assert broken() == {}

    return come


@pytest.fixture
def come(account: Account, quote: Callable[..., Quote], now: datetime, settings: Any) -> Callable[..., Quote]:
    """`come("SAP", "199.99", "200.01")` is the newest quote of SAP, which is in euros; `at` is when it came."""
    settings.COMMISSION = "none"
    closed = {"session_date": now.date()}
    Instrument.objects.create(symbol="SAP", name="SAP SE", currency="EUR", previous_close=190, **closed)
    Instrument.objects.create(symbol="EURUSD", name="Euro", tradable=False, previous_close=Decimal("1.05"), **closed)
    board.refresh()
    newer = count()

    def put(symbol: str, bid: str, ask: str, at: datetime | None = None, size: int = 1000) -> Quote:
        stamp = (at or now) + timedelta(microseconds=next(newer))
        made = quote(bid, ask, size, symbol=symbol, last=(Decimal(bid) + Decimal(ask)) / 2, received_at=stamp)
        board.put(made)
        return made

    return put


@pytest.fixture
def euro(come: Callable[..., Quote]) -> None:
    """A euro is 1.10 USD, and SAP 200.00 EUR."""
    come("EURUSD", "1.0999", "1.1001")
    come("SAP", "199.99", "200.01")


@pytest.fixture
def meet_sap(come: Callable[..., Quote], now: datetime) -> Callable[..., None]:
    """The next quote of SAP fills what it may, and all still adds up."""

    def fill(bid: str = "199.99", ask: str = "200.01", at: datetime | None = None, size: int = 1000) -> None:
        filling.match_symbol("SAP", come("SAP", bid, ask, at, size), None, at or now)
        assert broken() == {}

    return fill
