"""R-ORDER: a second order that ends without its turn, or is refused when that comes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from apps.desk.quote import Quote
from apps.live.models import Event
from apps.market.models import Instrument
from apps.market.quotes import board
from apps.portfolio.models import Account
from apps.risk import services as risk
from apps.risk.models import RiskLimits
from apps.trades import filling, services
from apps.trades.margin_calls import call_margins
from apps.trades.models import Order

from .broken import broken
from .words import now_is, ticket_of

pytestmark = pytest.mark.django_db
Place = Callable[..., Order]
Quotes = Callable[..., Quote]


# Rejected when its turn comes


LONG_REASON = "Runaway orders, " * 12


def halt(account: Account, bob: Any) -> None:
    risk.save_limits(RiskLimits(account=account, halted=True, halt_reason=LONG_REASON), bob)


@pytest.mark.parametrize(
    ("then", "words", "rule"),
    [
        (
            "buy 700 AAPL limit 150.00",
            "Needs 105,003.50 USD; 98,509.00 available",
            ("buying_power", "105003.5", "98509"),
        ),
        ("sell 11 AAPL", "Sells 11; 10 AAPL available", ("held", "11", "10")),
        ("buy 1 MSFT", "There is no quote for MSFT yet; wait for one", ("no_quote", "", "")),
    ],
)
def test_what_a_rule_refuses_then_is_rejected_with_its_words(
    pair: Any, meet: Any, then: str, words: str, rule: tuple[str, str, str]
) -> None:
    first, second = pair("buy 10 AAPL limit 149.00", then)

    meet("148.90", "149.00")

    assert (now_is(first)[0], now_is(second)) == ("filled", ("rejected", 0, 0, words))
    told = Event.objects.get(kind="order.rejected")
    assert (told.facts["order_id"], told.facts["reason"], told.facts["tone"], told.toast) == (
        str(second.pk),
        words,
        "error",
        True,
    )
    assert tuple(told.facts[name] for name in ("rule", "needed", "available")) == rule


def test_what_cannot_be_traded_any_more_is_rejected(pair: Any, meet: Any) -> None:
    _, second = pair("buy 10 AAPL limit 149.00", "sell 10 AAPL")
    Instrument.objects.filter(symbol="AAPL").update(tradable=False)

    meet("148.90", "149.00")

    assert now_is(second)[3] == "AAPL cannot be traded at present"


def test_kill_switch_rejects_it(pair: Any, meet: Any, account: Account, bob: Any) -> None:
    first, second = pair("buy 10 AAPL limit 149.00", "sell 10 AAPL limit 155.00")
    halt(account, bob)

    meet("148.90", "149.00")

    assert (now_is(first)[0], now_is(second)[0]) == ("filled", "rejected")
    assert LONG_REASON[:100] in second.reason
    assert len(second.reason) <= 200  # what the column takes


def test_old_quote_of_another_symbol_rejects_it(pair: Any, meet: Any, now: datetime) -> None:
    old = now - timedelta(minutes=1)
    _, second = pair("buy 10 AAPL limit 149.00", "buy 1 MSFT")
    meet("399.00", "400.00", symbol="MSFT", received_at=old)

    meet("148.90", "149.00")

    assert now_is(second)[3] == "The quote for MSFT is 60.0 s old; wait for one younger than 15 s"


def test_date_that_has_passed_meanwhile_rejects_it(pair: Any, quote: Quotes, now: datetime) -> None:
    _, second = pair("buy 10 AAPL limit 149.00", "sell 10 AAPL", then_tif="gtd", expires_at=now + timedelta(hours=1))
    later = now + timedelta(hours=2)
    fresh = quote("148.90", "149.00", received_at=later)
    board.put(fresh)

    assert services.expire_dated_orders(later) == 0
    filling.match_symbol("AAPL", fresh, None, later)

    assert now_is(second)[:2] == ("rejected", 0)
    assert second.reason.startswith("Good till must be later than now")


# Ended with the first


ENDED = "The order that it waits for has ended"


@pytest.mark.parametrize("parts", [0, 4])
def test_first_that_is_cancelled_takes_it_along(
    pair: Any, meet: Any, account: Account, now: datetime, parts: int
) -> None:
    first, second = pair("buy 10 AAPL limit 149.00", "sell 10 AAPL")
    meet("148.90", "149.00", parts)

    services.cancel_order(account, first.pk, now)

    assert (now_is(first)[0], now_is(second)) == ("canceled", ("canceled", 0, 0, ENDED))
    assert broken() == {}


def test_first_that_expires_takes_it_along(pair: Any, now: datetime) -> None:
    first, second = pair("buy 10 AAPL limit 149.00", "sell 10 AAPL", "day")

    assert services.expire_day_orders(now.date(), now) == 1

    assert (now_is(first)[0], now_is(second)) == ("expired", ("canceled", 0, 0, ENDED))


def test_first_that_is_killed_takes_it_along(pair: Any, meet: Any) -> None:
    first, second = pair("buy 10 AAPL limit 149.00", "sell 10 AAPL", "ioc")

    meet()

    assert (now_is(first)[0], now_is(second)[0]) == ("canceled", "canceled")


def test_first_that_becomes_too_dear_takes_it_along(pair: Any, meet: Any) -> None:
    first, second = pair("buy 600 AAPL", "sell 10 AAPL")

    meet("199.00", "200.00")

    assert (now_is(first)[:2], now_is(second)[0]) == (("canceled", 499), "canceled")


def test_exit_that_trades_ends_its_entry_and_what_waits_for_that(placed: Place, meet: Any) -> None:
    entry = placed("buy 10 AAPL limit 150.01", "gtc", stop_loss=Decimal("145"), then=ticket_of("buy 1 AAPL", ""))
    meet(size=4)

    meet("144.00", "150.50")

    assert now_is(entry)[0] == "canceled"
    assert now_is(Order.objects.get(after=entry))[0] == "canceled"


def test_all_are_cancelled_with_those_that_wait(pair: Any, account: Account, now: datetime) -> None:
    first, second = pair("buy 10 AAPL limit 149.00", "sell 10 MSFT")

    assert {order.pk for order in services.cancel_all(account, "", now)} == {first.pk, second.pk}


def test_cancelled_alone_it_leaves_the_first(pair: Any, meet: Any, account: Account, now: datetime) -> None:
    first, second = pair("buy 10 AAPL limit 149.00", "sell 10 AAPL")

    services.cancel_order(account, second.pk, now)
    meet("148.90", "149.00")

    assert (now_is(first)[0], now_is(second)) == ("filled", ("canceled", 0, 0, ""))


def test_margin_call_ends_what_would_open_with_all_that_waits_for_it(
    trade: Any, margin: Account, placed: Place, quote: Quotes, now: datetime
) -> None:
    trade("sell 1000 AAPL")
    for _ in range(3):
        placed("sell 10 AAPL limit 160.00", "gtc", then=ticket_of("buy 1 AAPL limit 100.00", ""))
    board.put(quote("229.98", "230.00", received_at=now + timedelta(seconds=1)))

    assert call_margins(now + timedelta(seconds=1)) == 1

    assert set(Order.objects.exclude(order_type="market").values_list("status", flat=True)) == {"canceled"}
    assert broken() == {}
