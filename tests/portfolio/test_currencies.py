"""Shares in another currency in the books: the rate is kept on the entry, and everything adds up in USD."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db.models import F

from apps.desk.money import cents
from apps.desk.position import CostMethod
from apps.market.models import Bar, Instrument
from apps.portfolio import terms
from apps.portfolio.asof import view_as_of
from apps.portfolio.closed import closed_trades
from apps.portfolio.invariants import OF_BOOKS
from apps.portfolio.ledger import ledger_page
from apps.portfolio.mending import differences
from apps.portfolio.models import Account, Journal, Lot, Position
from tests.desk.build import NOON

D = Decimal


@pytest.fixture
def traded(alice_account: Account, euros: Callable[..., None]) -> Account:
    """6 of 10 SAP bought at 200.00 EUR and 1.10, and 5 at 100.00 EUR and 1.20, are left of the first."""
    euros(alice_account, "buy 10 SAP @ 200.00 fee 1.00", "1.10")
    euros(alice_account, "buy 5 SAP @ 100.00", "1.20")
    euros(alice_account, "sell 4 SAP @ 210.00 fee 1.00", "1.15")
    alice_account.refresh_from_db()
    return alice_account


def wrong() -> dict[str, tuple[str, ...]]:
    found = [invariant.look() for invariant in OF_BOOKS]
    return {each.name: each.ids for each in found if each.wrong}


def test_the_entry_keeps_currency_amount_and_rate(traded: Account) -> None:
    """Requirement: multi-currency with rates kept on the entry."""
    bought, _, sold = Journal.objects.filter(instrument__symbol="SAP").order_by("pk")

    facts = bought.currency, bought.rate, bought.local_amount, bought.local_realized, bought.price
    assert facts == ("EUR", D("1.1"), D("-2000"), 0, 200)
    assert dict(bought.entries.values_list("book", "amount")) == {"cash": -2201, "securities": 2200, "commission": 1}
    assert (sold.local_amount, sold.local_realized, sold.rate) == (D("840"), D("40"), D("1.15"))
    lines = {"cash": D("965"), "securities": D("-880"), "commission": D("1"), "realized": D("-86")}
    assert dict(sold.entries.values_list("book", "amount")) == lines


def test_cash_is_in_usd_and_lots_are_in_both(traded: Account) -> None:
    assert traded.cash == 10_000 - 2201 - 600 + 965
    held = Position.objects.get(instrument__symbol="SAP")
    assert (held.quantity, held.cost, held.local_cost, held.realized_pnl) == (11, 1920, 1700, 86)
    lots = Lot.objects.values_list("quantity", "cost", "local_cost", "price", "rate")
    assert list(lots) == [(6, 1320, 1200, 200, D("1.1")), (5, 600, 500, 100, D("1.2"))]
    assert wrong() == {}


def test_usd_entries_say_nothing_of_a_rate(alice_account: Account, book: Callable[..., None]) -> None:
    book(alice_account, "buy 10 AAPL @ 9.50")

    row = Journal.objects.get(kind="buy")
    assert (row.currency, row.rate, row.local_amount, row.local_realized) == ("USD", None, None, None)
    assert list(Lot.objects.values_list("rate", "local_cost")) == [(1, 0)]
    assert Position.objects.get().local_cost == 0


def test_the_ledger_names_currency_and_rate_beside_the_price(traded: Account) -> None:
    newest = ledger_page(traded.pk).rows[0]

    assert newest.what == "Sell 4 SAP at 210.00 EUR, 1.15 USD each"


def test_positions_follow_from_the_entries(traded: Account) -> None:
    assert differences(traded.pk) == []
    Position.objects.update(cost=0, local_cost=0)
    Lot.objects.all().delete()

    found = differences(traded.pk, fix=True)

    assert "6 for 1320 (1200 at a rate of 1.1) at 200" in found[2].booked
    assert (differences(traded.pk), wrong()) == ([], {})


@pytest.mark.parametrize("method, realized", [(CostMethod.LIFO, 486), (CostMethod.AVERAGE, D("219.33"))])
def test_another_cost_method_takes_other_lots(traded: Account, method: CostMethod, realized: Decimal) -> None:
    terms.set_cost_method(traded, method)

    held = Position.objects.get(instrument__symbol="SAP")
    assert held.realized_pnl == realized
    assert held.cost == 2800 - (966 - realized)
    assert (differences(traded.pk), wrong()) == ([], {})


def test_closed_trades_earn_usd_at_prices_in_euros(traded: Account, euros: Callable[..., None]) -> None:
    euros(traded, "sell 11 SAP @ 180.00", "1.00")

    ((_, trade),) = closed_trades(traded.pk)
    assert (trade.bought, trade.sold, trade.net) == (2800, 966 + 1980, 144)
    assert (trade.entry, trade.exit) == (D("166.66666667"), D("188"))


WRONG = [
    {"rate": D("1.2")},
    {"currency": "GBP"},
    {"local_amount": D("-1999.99")},
    {"local_amount": None},
]


@pytest.mark.parametrize("facts", WRONG, ids=str)
def test_an_entry_that_does_not_come_to_its_cash_is_found(traded: Account, facts: dict[str, object]) -> None:
    row = Journal.objects.filter(kind="buy").earliest("pk")
    Journal.objects.filter(pk=row.pk).update(**facts)

    assert wrong() == {"currencies-are-converted": (str(row.pk),)}


def test_a_position_that_is_not_its_lots_in_their_own_currency_is_found(traded: Account) -> None:
    Position.objects.update(local_cost=F("local_cost") + 1)

    assert list(wrong()) == ["positions-are-lots"]


def test_a_moment_of_the_past_is_valued_at_the_rate_of_then(traded: Account) -> None:
    at = NOON + timedelta(hours=1)
    for symbol, price in (("SAP", D(220)), ("EURUSD", D("1.12"))):
        instrument = Instrument.objects.get(symbol=symbol)
        for start, close in ((at - timedelta(minutes=1), price), (at, D(1))):
            path = dict.fromkeys(("open", "high", "low", "close"), close)
            Bar.objects.create(instrument=instrument, start=start, volume=1, **path)

    (held,) = view_as_of(traded, at)[0].open_positions

    assert (held.last, held.rate, held.market_value) == (220, D("1.12"), cents(11 * 220 * D("1.12")))
    assert held.unrealized == held.market_value - 1920
