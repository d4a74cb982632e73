"""Many rows by one statement: new ones, ones that are there, more than a statement takes, and one that cannot be."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.market.models import Bar, Instrument
from apps.market.upsert import upsert

from .build import instrument

pytestmark = pytest.mark.django_db

COLUMNS = ("instrument", "start", "open", "high", "low", "close", "volume")
KEY = ("instrument", "start")
START = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)


def bars(of: Instrument, count: int, close: str) -> list[tuple[object, ...]]:
    price, size = Decimal(close), Decimal("0.00000001")
    return [(of.pk, START + timedelta(minutes=n), price, price, price, price, size) for n in range(count)]


def closes() -> list[Decimal]:
    return list(Bar.objects.order_by("start").values_list("close", flat=True))


def test_new_rows_are_as_they_were_given() -> None:
    upsert(Bar, COLUMNS, bars(instrument("AAPL"), 2, "10.12345678"), unique=KEY)

    first, second = Bar.objects.order_by("start")
    assert (first.close, first.volume, first.start) == (Decimal("10.12345678"), Decimal("0.00000001"), START)
    assert second.start - first.start == timedelta(minutes=1)


def test_a_row_that_is_there_gets_the_columns_that_are_named() -> None:
    of = instrument("AAPL")
    upsert(Bar, COLUMNS, bars(of, 2, "10"), unique=KEY)

    upsert(Bar, COLUMNS, bars(of, 1, "11"), unique=KEY, update=["close"])

    assert [(each.open, each.close) for each in Bar.objects.order_by("start")] == [(10, 11), (10, 10)]


def test_a_row_that_is_there_stays_where_none_is_named() -> None:
    of = instrument("AAPL")
    upsert(Bar, COLUMNS, bars(of, 1, "10"), unique=KEY)

    upsert(Bar, COLUMNS, bars(of, 2, "11"), unique=KEY)

    assert closes() == [10, 11]


def test_more_than_one_statement_takes_are_written() -> None:
    of = instrument("AAPL")
    with CaptureQueriesContext(connection) as asked:
        upsert(Bar, COLUMNS, bars(of, 1500, "10"), unique=KEY)

    assert sum(each["sql"].startswith("INSERT") for each in asked.captured_queries) > 1
    starts = Bar.objects.order_by("start").values_list("start", flat=True)
    assert {later - earlier for earlier, later in pairwise(starts)} == {timedelta(minutes=1)}
    assert len(starts) == 1500


@pytest.mark.django_db(transaction=True)
def test_one_that_cannot_be_leaves_none() -> None:
    rows = bars(instrument("AAPL"), 1000, "10")
    rows.append((*rows[0][:-1], Decimal("0.000000001")))

    with pytest.raises(ValueError, match="more than 8 decimal places"):
        upsert(Bar, COLUMNS, rows, unique=KEY)

    assert closes() == []


def test_nothing_asks_nothing() -> None:
    with CaptureQueriesContext(connection) as asked:
        upsert(Bar, COLUMNS, [], unique=KEY)

    assert not [each for each in asked.captured_queries if "SAVEPOINT" not in each["sql"]]
