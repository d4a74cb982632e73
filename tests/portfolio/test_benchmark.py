"""What an account's return is held beside: the benchmark, with or without its dividends, and which it is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from apps.market.models import Bar, Instrument
from apps.portfolio.models import Account, CorporateAction
from apps.portfolio.performance import performance_of
from apps.portfolio.yardsticks import benchmark

from .test_performance import PAGE, close, evening, figure, traded
from .test_views import text_of

__all__ = ["close", "traded"]
D = Decimal
Priced = Callable[..., Instrument]


@pytest.fixture
def priced(db: None) -> Priced:
    """`priced(-1, "500", 2, "510")` is what SPY was at the close of those days."""

    def put(*days_and_prices: Any) -> Instrument:
        spy, _ = Instrument.objects.get_or_create(symbol="SPY", defaults={"name": "SPDR"})
        for day, price in zip(days_and_prices[::2], days_and_prices[1::2], strict=True):
            path = dict.fromkeys(("open", "high", "low", "close"), price)
            Bar.objects.create(instrument=spy, start=evening(day) - timedelta(minutes=1), volume=1, **path)
        return spy

    return put


def entered(spy: Instrument, day: int, amount: str, **more: Any) -> CorporateAction:
    """A dividend that nobody was paid, for nobody held it."""
    facts = {"kind": "dividend", "ex_date": evening(day).date(), "amount": D(amount), "refused": "Nobody held it"}
    return CorporateAction.objects.create(instrument=spy, **{**facts, **more})


def test_benchmark_is_its_price_at_the_end_over_that_at_the_beginning(traded: Account, priced: Priced) -> None:
    spy = priced(-1, "500", 2, "510")
    Bar.objects.create(
        instrument=spy, start=evening(2), volume=1, **dict.fromkeys(("open", "high", "low", "close"), 600)
    )

    found = figure(performance_of(traded, "all", evening(2)), "benchmark_return")

    assert (found.value, found.note) == (D("0.02"), "SPY, price return: dividends not counted")


def test_dividends_that_are_entered_make_it_a_total_return(priced: Priced) -> None:
    """510 / 500 ÷ (1 − 5/500) ÷ (1 − 2/505) − 1; those of the first day and after the last are of other spans."""
    spy = priced(0, "500", 1, "505", 2, "510")
    for day, amount in ((0, "9"), (1, "5"), (2, "2"), (3, "9")):
        entered(spy, day, amount)

    found = benchmark(evening(0), evening(2))

    assert found.note == "SPY, total return: 2 dividends entered here"
    assert found.gained is not None
    assert abs(found.gained - (D(510) / 500 / (1 - D(5) / 500) / (1 - D(2) / 505) - 1)) < D("1e-11")


@pytest.mark.parametrize(("amount", "currency"), [("500", "USD"), ("5", "EUR")])
def test_a_dividend_that_cannot_be_put_back_leaves_the_price_return(
    priced: Priced, amount: str, currency: str
) -> None:
    spy = priced(0, "500", 2, "510")
    entered(spy, 1, "5")
    entered(spy, 2, amount, currency=currency)

    found = benchmark(evening(0), evening(2))
    assert (found.gained, found.note) == (D("0.02"), "SPY, price return: dividends not counted")


def test_a_split_of_it_is_no_loss(priced: Priced) -> None:
    spy = priced(0, "500", 2, "255")
    split = {"instrument": spy, "kind": "split", "new": 2, "old": 1}
    CorporateAction.objects.create(ex_date=evening(1).date(), applied_at=evening(1), **split)
    CorporateAction.objects.create(ex_date=evening(4).date(), **split)

    assert benchmark(evening(0), evening(2)).gained == D("0.02")


@pytest.mark.parametrize(
    ("amount", "words"), [(None, "price return: dividends not counted"), ("2", "total return: 1")]
)
def test_the_page_says_which_it_is(
    client: Client, alice: Any, traded: Account, priced: Priced, amount: str | None, words: str
) -> None:
    """The page is read now, so that the prices are too."""
    today = (datetime.now(UTC) - evening(0)).days
    spy = priced(-1, "500", today, "510")
    if amount:
        priced(today - 1, "505")
        entered(spy, today, amount)
    client.force_login(alice)

    assert f"SPY, {words}" in text_of(client.get(PAGE))


def test_benchmark_without_history_is_said_to_have_none(
    client: Client, alice: Any, traded: Account, settings: Any
) -> None:
    settings.BENCHMARK = "NONE"
    client.force_login(alice)

    assert "No history of NONE" in text_of(client.get(PAGE))


def test_no_benchmark_is_shown_where_none_is_set(client: Client, alice: Any, traded: Account, settings: Any) -> None:
    settings.BENCHMARK = ""
    client.force_login(alice)

    assert "Benchmark" not in text_of(client.get(PAGE))
