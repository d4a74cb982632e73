"""Files of fills as brokers write them, read line by line."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from apps.history.statement import MOST_LINES, guessed, headers_of, read

NOW = datetime(2026, 3, 10, tzinfo=UTC)


def lines(text, **mapped):
    return read(text, mapped or guessed(headers_of(text)), NOW)


def test_plain_file_is_read_in_the_order_of_its_times():
    found = lines(
        "time,symbol,side,quantity,price,commission,id\n"
        "2026-03-02 15:00:00,aapl,sell,4,12.50,0.50,b\n"
        "2026-03-02T14:30:00Z,AAPL,buy,10,12.25,1.00,a\n"
    )

    assert found.faults == ()
    assert [
        (row.line, row.key, row.symbol, row.side, row.quantity, row.price, row.commission) for row in found.rows
    ] == [
        (3, "a", "AAPL", "buy", 10, Decimal("12.25"), 1),
        (2, "b", "AAPL", "sell", 4, Decimal("12.50"), Decimal("0.50")),
    ]
    assert found.rows[0].at == datetime(2026, 3, 2, 14, 30, tzinfo=UTC)


def test_days_that_are_newest_first_are_read_from_below():
    """Else a sale would come before what it sells."""
    found = lines(
        "time,symbol,side,quantity,price\n2026-03-03,A,sell,1,12\n2026-03-02,A,sell,1,12\n2026-03-02,A,buy,2,9\n"
    )

    assert [row.line for row in found.rows] == [4, 3, 2]


def test_semicolons_a_mark_at_the_start_thousands_and_signed_quantities():
    """As Interactive Brokers' activity statements have them: no side, a sale below zero, a fee below zero."""
    found = lines("\ufeffDate/Time;Symbol;Quantity;T. Price;Comm/Fee\n2026-03-02 15:00:00;AAPL;-1,000;$12.50;-1.00\n")

    (row,) = found.rows
    assert (row.side, row.quantity, row.price, row.commission) == ("sell", 1000, Decimal("12.50"), 1)


def test_lines_without_an_id_get_one_of_their_own_and_the_same_one_again():
    text = "time,symbol,quantity,price\n" + "2026-03-02 15:00,AAPL,1,12\n" * 2

    first, second = lines(text).rows
    assert first.key != second.key
    assert [row.key for row in lines(text).rows] == [first.key, second.key]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("yesterday,AAPL,buy,1,12,,USD,x", "Time must be a date and time such as"),
        ("2026-04-01 10:00,AAPL,buy,1,12,,USD,x", "is still to come"),
        ("2026-03-02 15:00,,buy,1,12,,USD,x", "Symbol is empty"),
        ("2026-03-02 15:00,AAPL,hold,1,12,,USD,x", "Side must be buy or sell, not hold"),
        ("2026-03-02 15:00,AAPL,buy,ten,12,,USD,x", "Quantity must be a number such as 150.25, not ten"),
        ("2026-03-02 15:00,AAPL,buy,0,12,,USD,x", "Quantity must not be 0"),
        ("2026-03-02 15:00,AAPL,buy,-1,12,,USD,x", "Quantity of a buy must be more than 0"),
        ("2026-03-02 15:00,AAPL,buy,1,-12,,USD,x", "Price must be more than 0, not -12"),
        ("2026-03-02 15:00,AAPL,buy,1,NaN,,USD,x", "Price must be a number such as 150.25, not NaN"),
        (
            "2026-03-02 15:00,AAPL,sell,-1000000001,12,,USD,x",
            "Quantity must be at most 1,000,000,000, not -1",
        ),
        ("2026-03-02 15:00,AAPL,buy,1,100000000.01,,USD,x", "Price must be at most 100,000,000, not 100000000.01"),
        ("2026-03-02 15:00,AAPL,buy,1,12,1000000.01,USD,x", "Commission must be at most 1,000,000, not 1000000.01"),
        ("2026-03-02 15:00,AAPL,buy,1,12,0.001,USD,x", "Commission must be a multiple of 0.01, not 0.001"),
        ("2026-03-02 15:00,AAPL,buy,1,12,,EURO,x", "'EURO' is not a currency: three capital letters"),
        ("2026-03-02 15:00,AAPL,buy,1,12,,USD," + "x" * 49, "Execution id must have 48 characters at most"),
        ("2026-03-02 15:00,AAPL", "Quantity must be a number such as 150.25, not nothing"),
    ],
)
def test_line_that_cannot_be_booked_is_named(line, words):
    found = lines(f"time,symbol,side,quantity,price,commission,currency,id\n{line}\n")

    assert found.rows == ()
    assert [fault.line for fault in found.faults] == [2]
    assert words in found.faults[0].words


@pytest.mark.parametrize("column", ["fx_rate", "rate", "FXRateToBase"])
def test_currency_and_rate_are_read(column):
    """Files of this desk's own fills call it rate, those of Interactive Brokers FXRateToBase."""
    found = lines(
        f"time,symbol,quantity,price,currency,{column}\n2026-03-02,SAP,1,12,eur,1.0845\n2026-03-03,SAP,1,12,,\n"
    )

    assert [(row.currency, row.rate) for row in found.rows] == [("EUR", Decimal("1.0845")), ("", None)]


@pytest.mark.parametrize("rate", ["0", "-1.1", "high"])
def test_rate_that_is_none_is_named(rate):
    (fault,) = lines(f"time,symbol,quantity,price,fx_rate\n2026-03-02,SAP,1,12,{rate}\n").faults

    assert fault.words.startswith("Rate must be")


def test_id_that_is_there_twice_names_both_lines():
    found = lines("time,symbol,quantity,price,id\n2026-03-02,AAPL,1,12,a\n2026-03-03,AAPL,1,12,a\n")

    assert [tuple(fault) for fault in found.faults] == [(3, "Execution id a is that of line 2 too")]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "The first line must name the columns"),
        ("AAPL\n1\n", "The first line must name the columns"),
        ("time,price,price,symbol\n", "Two columns are called price"),
    ],
)
def test_what_is_no_table_is_refused(text, words):
    with pytest.raises(ValueError, match=words):
        headers_of(text)


def test_columns_that_are_missing_are_asked_for():
    found = lines("when,what,how many,at\n2026-03-02,AAPL,1,12\n")

    assert [tuple(fault) for fault in found.faults] == [(0, "Choose the column of Symbol, Quantity, Price")]
    named = {"time": "when", "symbol": "what", "quantity": "how many", "price": "at"}
    assert len(lines("when,what,how many,at\n2026-03-02,AAPL,1,12\n", **named).rows) == 1
    twice = lines("when,what,how many,at\n2026-03-02,AAPL,1,12\n", **{**named, "price": "how many"})
    assert "One column cannot be two things" in twice.faults[0].words


def test_too_many_lines_are_refused_as_a_whole():
    found = lines("time,symbol,quantity,price\n" + "2026-03-02,AAPL,1,12\n" * (MOST_LINES + 1))

    assert (found.rows, [fault.words for fault in found.faults]) == (
        (),
        ["The file has more than 20,000 lines; import it in parts"],
    )


def test_file_without_a_fill_says_so():
    assert "There is no fill" in lines("time,symbol,quantity,price\n\n , ,,\n").faults[0].words
