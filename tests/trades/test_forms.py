"""Every bad field is named, with what would be right."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from apps.desk.order import OrderType, Side, TimeInForce
from apps.trades.forms import clean_ticket
from apps.trades.ticket import Refused, Ticket

pytestmark = pytest.mark.usefixtures("instruments")

GOOD = {
    "symbol": "AAPL",
    "side": "buy",
    "order_type": "limit",
    "quantity": "10",
    "limit_price": "150.25",
    "stop_price": "",
    "time_in_force": "gtc",
    "client_order_id": "one",
}
PLAIN = "must be a plain number, such as"
ID_RULE = "Client order id must be 1 to 64 letters, digits or . _ : - and start with a letter or digit"

BAD = [
    ("symbol", "", "Symbol is required, such as AAPL"),
    ("symbol", "NOPE", "Symbol NOPE is not known here: choose one from the search"),
    ("symbol", "<b>", "Symbol <b> is not known here: choose one from the search"),
    ("symbol", "HALT", "HALT cannot be traded at present"),
    ("side", "", "Side must be buy or sell"),
    ("side", "short", "Side must be buy or sell"),
    ("order_type", "iceberg", "Order type must be market, limit, stop, stop_limit or trailing_stop"),
    ("time_in_force", "week", "Time in force must be day, gtc, gtd, ioc, fok, opg or cls"),
    ("quantity", "", "Quantity is required, such as 10"),
    ("quantity", "0", "Quantity must be more than 0"),
    ("quantity", "-5", "Quantity must be more than 0"),
    ("quantity", "1.5", "Quantity must be a whole number of shares"),
    ("quantity", "1000001", "Quantity must be at most 1,000,000"),
    ("quantity", "9" * 18, "Quantity must be at most 1,000,000"),
    ("quantity", "9" * 500, "Quantity must have 18 digits at most before and after the point"),
    ("quantity", f"1.{'0' * 30}", "Quantity must have 18 digits at most before and after the point"),
    ("quantity", "NaN", f"Quantity {PLAIN} 10"),
    ("quantity", "Infinity", f"Quantity {PLAIN} 10"),
    ("quantity", "1e3", f"Quantity {PLAIN} 10"),
    ("quantity", "ten", f"Quantity {PLAIN} 10"),
    ("quantity", "1,000", f"Quantity {PLAIN} 10"),
    ("quantity", "１０", f"Quantity {PLAIN} 10"),
    ("limit_price", "", "Limit price is required for a limit order"),
    ("limit_price", "0", "Limit price must be more than 0"),
    ("limit_price", "-1", "Limit price must be more than 0"),
    ("limit_price", "150.255", "Limit price must be a multiple of 0.01"),
    ("limit_price", "1e2", f"Limit price {PLAIN} 150.25"),
    ("limit_price", "nan", f"Limit price {PLAIN} 150.25"),
    ("limit_price", "1000000.01", "Limit price must be at most 1,000,000"),
    ("stop_price", "149", "Stop price must be empty: a limit order takes none"),
    ("client_order_id", "x" * 65, ID_RULE),
    ("client_order_id", "=1+1", ID_RULE),
    ("client_order_id", "a b", ID_RULE),
]


@pytest.mark.parametrize(("field", "text", "words"), BAD)
def test_ticket_with_one_bad_field_names_it(field: str, text: str, words: str) -> None:
    """R-ORDER"""
    assert clean_ticket({**GOOD, field: text}) == Refused({field: words})


def test_ticket_with_every_field_bad_names_them_all() -> None:
    refused = clean_ticket({"order_type": "stop", "limit_price": "1", "client_order_id": "?"})

    assert refused == Refused(
        {
            "symbol": "Symbol is required, such as AAPL",
            "side": "Side must be buy or sell",
            "quantity": "Quantity is required, such as 10",
            "limit_price": "Limit price must be empty: a stop order takes none",
            "stop_price": "Stop price is required for a stop order",
            "client_order_id": ID_RULE,
        }
    )


def test_market_ticket_takes_no_price() -> None:
    market = {**GOOD, "order_type": "market"}

    assert clean_ticket(market) == Refused({"limit_price": "Limit price must be empty: a market order takes none"})


def test_good_ticket_is_read_exactly() -> None:
    assert clean_ticket({**GOOD, "symbol": " aapl ", "side": "BUY", "quantity": "10.0"}) == Ticket(
        symbol="AAPL",
        side=Side.BUY,
        order_type=OrderType.LIMIT,
        quantity=Decimal(10),
        client_order_id="one",
        limit_price=Decimal("150.25"),
        stop_price=None,
        time_in_force=TimeInForce.GTC,
    )


def test_lot_size_decides_what_quantity_may_be() -> None:
    fits = clean_ticket({**GOOD, "symbol": "FRAC", "quantity": "0.125"})

    assert isinstance(fits, Ticket)
    assert fits.quantity == Decimal("0.125")
    assert clean_ticket({**GOOD, "symbol": "FRAC", "quantity": "0.1255"}) == Refused(
        {"quantity": "Quantity must be a multiple of 0.001"}
    )


def test_ticket_without_time_in_force_is_for_the_day() -> None:
    ticket = clean_ticket({**GOOD, "time_in_force": ""})

    assert isinstance(ticket, Ticket)
    assert ticket.time_in_force == TimeInForce.DAY


def test_tickets_without_an_id_get_one_each() -> None:
    first, second = (clean_ticket({**GOOD, "client_order_id": ""}) for _ in range(2))

    assert isinstance(first, Ticket) and isinstance(second, Ticket)
    assert first.client_order_id != second.client_order_id


STOP_LIMIT = {"order_type": "stop_limit", "stop_price": "150", "limit_price": "149.50"}
TRAILING = {"order_type": "trailing_stop", "limit_price": "", "trail_amount": "1.50"}
DATED = {"time_in_force": "gtd", "expires_at": "2030-01-31T16:00"}


@pytest.mark.parametrize(
    ("fields", "read"),
    [
        (STOP_LIMIT, {"stop_price": Decimal(150), "limit_price": Decimal("149.50")}),
        (TRAILING, {"trail_amount": Decimal("1.50"), "trail_percent": None}),
        ({**TRAILING, "trail_amount": "", "trail_percent": "2.5"}, {"trail_percent": Decimal("2.5")}),
        (DATED, {"expires_at": datetime(2030, 1, 31, 16, tzinfo=UTC)}),
        ({**DATED, "expires_at": "2030-01-31T16:00:00+02:00"}, {"expires_at": datetime(2030, 1, 31, 14, tzinfo=UTC)}),
        ({"time_in_force": "fok"}, {"time_in_force": TimeInForce.FOK}),
    ],
)
def test_terms_of_a_ticket_are_read(fields: dict[str, str], read: dict[str, object]) -> None:
    """R-ORDER"""
    ticket = clean_ticket({**GOOD, **fields})

    assert isinstance(ticket, Ticket)
    assert {name: getattr(ticket, name) for name in read} == read


NO_STOP = "Stop price is required for a stop-limit order"
NO_TRAIL = "Trail is required for a trailing stop order: an amount in USD, such as 1.50, or per cent"
NO_DATE = "Good till must be a date and time, such as 2030-01-31T16:00"
TIMES = "Time in force must be day, gtc or gtd for a {} order"


@pytest.mark.parametrize(
    ("fields", "field", "words"),
    [
        ({**STOP_LIMIT, "stop_price": ""}, "stop_price", NO_STOP),
        ({**STOP_LIMIT, "time_in_force": "ioc"}, "time_in_force", TIMES.format("stop-limit")),
        ({**TRAILING, "time_in_force": "fok"}, "time_in_force", TIMES.format("trailing stop")),
        ({**TRAILING, "trail_amount": ""}, "trail_amount", NO_TRAIL),
        ({**TRAILING, "trail_percent": "2"}, "trail_amount", "Trail must be an amount or per cent, not both"),
        ({**TRAILING, "trail_amount": "1.505"}, "trail_amount", "Trail amount must be a multiple of 0.01"),
        ({**TRAILING, "trail_amount": "", "trail_percent": "51"}, "trail_percent", "Trail percent must be at most 50"),
        (
            {**TRAILING, "trail_amount": "", "trail_percent": "1.005"},
            "trail_percent",
            "Trail percent must be a multiple of 0.01",
        ),
        ({"trail_amount": "1"}, "trail_amount", "Trail amount must be empty: a limit order takes none"),
        ({**TRAILING, "stop_price": "1"}, "stop_price", "Stop price must be empty: a trailing stop order takes none"),
        ({**DATED, "expires_at": "tomorrow"}, "expires_at", NO_DATE),
        ({**DATED, "expires_at": "0001-01-01T00:00+23:00"}, "expires_at", NO_DATE),
        (
            {"expires_at": "2030-01-31T16:00"},
            "expires_at",
            "Good till must be empty: good till cancelled has its own end",
        ),
        (
            {**DATED, "expires_at": ""},
            "expires_at",
            "Good till is required for a good till date order, such as 2030-01-31T16:00",
        ),
    ],
)
def test_terms_that_do_not_fit_are_named(fields: dict[str, str], field: str, words: str) -> None:
    """R-ORDER"""
    assert clean_ticket({**GOOD, **fields}) == Refused({field: words})
