"""R-RISK: every limit refuses in words and numbers, at its bound exactly, and only what it is for."""

from __future__ import annotations

from decimal import Decimal

import pytest

from apps.desk.limits import Exposure, Halt, Limits, check_admission, check_limits
from apps.desk.risk import Denied

from .build import order, quote

QUOTE = quote("AAPL 149.99/150.01 last 150.00")
UNEXPOSED = Exposure()


def checked(text, exposure=UNEXPOSED, **limits):
    return check_limits(order(f"a: {text}"), QUOTE, exposure, Limits(**limits))


def test_without_limits_everything_passes():
    assert check_admission("AAPL", Limits()) is None
    assert checked("buy 1000000 AAPL limit 1.00", Exposure(recent_orders=10**6, day_pnl=Decimal(-(10**9)))) is None


@pytest.mark.parametrize("scope", ["for the whole desk", "for this account", "by you"])
def test_halt_stops_every_order_and_says_why(scope):
    limits = Limits(halt=Halt(scope, "Runaway orders"), allowed=frozenset({"MSFT"}))

    assert check_admission("AAPL", limits) == Denied(
        "account", "halted", f"New orders are stopped {scope}: Runaway orders"
    )


def test_barred_symbol_is_denied_even_when_allowed():
    limits = Limits(allowed=frozenset({"AAPL"}), barred=frozenset({"AAPL"}))

    assert check_admission("AAPL", limits) == Denied(
        "symbol", "symbol_barred", "AAPL may not be traded here: it is on the deny list"
    )
    assert check_admission("MSFT", Limits(barred=frozenset({"AAPL"}))) is None


@pytest.mark.parametrize(
    ("allowed", "named"),
    [("MSFT", "MSFT"), ("TSLA MSFT", "MSFT, TSLA"), ("A B C D E F G", "A, B, C, D, E and 2 more")],
)
def test_symbol_off_the_allow_list_is_denied(allowed, named):
    limits = Limits(allowed=frozenset(allowed.split()))

    assert check_admission("AAPL", limits) == Denied(
        "symbol", "symbol_not_allowed", f"AAPL may not be traded here; allowed: {named}"
    )
    assert check_admission("MSFT", Limits(allowed=frozenset({"MSFT"}))) is None


@pytest.mark.parametrize("side", ["buy", "sell"])
def test_order_beyond_the_rate_is_denied(side):
    assert checked(f"{side} 1 AAPL", Exposure(recent_orders=9), orders_per_minute=10) is None
    assert checked(f"{side} 1 AAPL", Exposure(recent_orders=10), orders_per_minute=10) == Denied(
        "account", "order_rate", "Would be order 11 within a minute; your limit is 10", Decimal(11), Decimal(10)
    )


@pytest.mark.parametrize(
    ("text", "field", "words", "bound"),
    [
        ("buy 1 AAPL limit 157.51", None, "", ""),
        ("buy 1 AAPL limit 142.50", None, "", ""),
        ("sell 1 AAPL limit 150.00", None, "", ""),
        ("buy 1 AAPL", None, "", ""),
        ("buy 1 AAPL limit 157.52", "limit_price", "Limit price 157.52", "most 157.5105"),
        ("sell 1 AAPL limit 142.49", "limit_price", "Limit price 142.49", "least 142.4905"),
        ("buy 1 AAPL stop 1500.00", "stop_price", "Stop price 1,500", "most 157.5105"),
        ("sell 1 AAPL stop 15.00", "stop_price", "Stop price 15", "least 142.4905"),
    ],
)
def test_price_outside_the_band_is_denied_with_the_price_that_would_do(text, field, words, bound):
    denied = checked(text, price_band_pct=Decimal(5))

    assert (denied and denied.field) == field
    if denied:
        assert denied.rule == "price_band"
        assert denied.message == f"{words} is more than 5 % from the quote 149.99 × 150.01; at {bound}"


HOLDING = Exposure(held=Decimal(60), opening=Decimal(40), equity=Decimal(90_000), day_pnl=Decimal(0))


def test_position_beyond_its_shares_is_denied():
    assert checked("buy 50 AAPL", HOLDING, position_qty=Decimal(150)) is None
    assert checked("buy 50 AAPL", HOLDING, position_qty=Decimal(100)) == Denied(
        "quantity", "position_qty", "Would make 150 AAPL; your limit is 100", Decimal(150), Decimal(100)
    )


def test_position_beyond_its_value_is_denied():
    assert checked("buy 50 AAPL", HOLDING, position_usd=Decimal(22_500)) is None
    assert checked("buy 50 AAPL", HOLDING, position_usd=Decimal("22499.99")) == Denied(
        "quantity",
        "position_usd",
        "Would make 150 AAPL worth 22,500.00 USD; your limit is 22,499.99",
        Decimal(22_500),
        Decimal("22499.99"),
    )


def test_position_beyond_its_share_of_the_equity_is_denied():
    assert checked("buy 50 AAPL", HOLDING, position_pct=Decimal(25)) is None
    assert checked("buy 50 AAPL", HOLDING, position_pct=Decimal(20)) == Denied(
        "quantity",
        "position_pct",
        "Would make 150 AAPL worth 22,500.00 USD; your limit is 20 % of equity, 18,000.00",
        Decimal(22_500),
        Decimal(18_000),
    )


def test_unknown_equity_refuses_a_share_of_it():
    assert checked("buy 50 AAPL", Exposure(), position_pct=Decimal(20)) == Denied(
        "quantity",
        "equity_unknown",
        "Would make 50 AAPL worth 7,500.00 USD; your limit is 20 % of equity, which is not known while a price is "
        "missing",
    )


def test_loss_of_the_day_beyond_its_limit_is_denied():
    limit = Decimal(1000)

    assert checked("buy 1 AAPL", Exposure(day_pnl=Decimal(-1000)), day_loss=limit) is None
    assert checked("buy 1 AAPL", Exposure(day_pnl=Decimal("-1204.50")), day_loss=limit) == Denied(
        "account", "day_loss", "Today's loss is 1,204.50 USD; your limit is 1,000.00", Decimal("1204.50"), limit
    )


def test_unknown_day_pnl_refuses_where_there_is_a_limit():
    assert checked("buy 1 AAPL", Exposure(day_pnl=None)) is None
    assert checked("buy 1 AAPL", Exposure(day_pnl=None), day_loss=Decimal(1000)) == Denied(
        "account",
        "day_pnl_unknown",
        "Today's P&L is not known while a price is missing; your limit is a loss of 1,000.00 USD",
    )


def test_limits_of_an_account_stand_before_the_desks():
    desk = Limits(position_qty=Decimal(100), orders_per_minute=10, day_loss=Decimal(5), allowed=frozenset({"AAPL"}))
    own = Limits(position_qty=Decimal(500), orders_per_minute=0, allowed=frozenset({"MSFT"}))

    assert own.over(desk) == Limits(
        position_qty=Decimal(500), orders_per_minute=0, day_loss=Decimal(5), allowed=frozenset({"MSFT"})
    )
    assert Limits().over(desk) == desk
    assert own.over(Limits()) == own


def test_halts_and_bars_of_desk_and_account_add_up():
    everybody, you = Halt("for the whole desk", "Everybody"), Halt("for this account", "You")
    desk = Limits(halt=everybody, barred=frozenset({"AAPL"}))
    own = Limits(halt=you, barred=frozenset({"MSFT"}))

    assert own.over(desk) == Limits(halt=everybody, barred=frozenset({"AAPL", "MSFT"}))
    assert own.over(Limits()).halt == you
    assert Limits().over(desk).halt == everybody
