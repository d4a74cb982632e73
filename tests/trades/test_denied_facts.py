"""R-RISK: a refusal is kept with the rule and both of its numbers, and what is not known refuses on margin."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from apps.desk.fill import Fill
from apps.desk.order import Side
from apps.live.models import Event
from apps.portfolio import services as portfolio
from apps.portfolio import terms
from apps.portfolio.models import Account, AccountKind
from apps.trades.models import Order

from .test_limits_http import CASES, MARKET, limit, send

pytestmark = pytest.mark.django_db
FACTS = {
    "halted": ("", ""),
    "symbol_barred": ("", ""),
    "symbol_not_allowed": ("", ""),
    "order_rate": ("3", "2"),
    "position_qty": ("130", "120"),
    "position_usd": ("19501.3", "15000"),
    "position_pct": ("19501.3", "12499.88"),
    "day_loss": ("1", "0.5"),
    "exposure_usd": ("19482.1", "19000"),
    "exposure_pct": ("19482.1", "18999.81"),
    "drawdown": ("1", "0"),
    "price_band": ("180", "157.5105"),
}
"""What the order would come to, and what may be, as the event has them: figures of the words in `CASES`."""


@pytest.fixture(autouse=True)
def priced(settings: Any) -> None:
    settings.COMMISSION = "per-share 0.005 min 1.00"


def denied() -> tuple[str, str, str]:
    facts = Event.objects.get(kind="order.denied").facts
    return facts["rule"], facts["needed"], facts["available"]


@pytest.mark.parametrize("rule", CASES)
def test_the_event_and_the_answer_have_both_numbers_of_a_limit(
    desk: Client, held: Order, placed: Callable[..., Order], rule: str
) -> None:
    """Alice holds 100 AAPL and has a working buy of 20 more."""
    placed("buy 20 AAPL limit 149.00")
    limits, fields, _ = CASES[rule]
    limit(**limits)

    answer = send(desk, **fields)

    assert denied() == (rule, *FACTS[rule])
    assert answer.status_code == 422
    assert tuple(answer.json()[name] or "" for name in ("rule", "needed", "available")) == denied()


def test_the_event_has_what_was_needed_and_what_was_there(desk: Client, account: Account) -> None:
    """1,000 at 150.00 and 5.00 of commission."""
    assert send(desk, quantity="1000", limit_price="150.00").status_code == 422

    assert denied() == ("buying_power", "150005", "100000")


def test_the_event_has_the_shares_that_a_sell_lacks(desk: Client, held: Order) -> None:
    assert send(desk, side="sell", quantity="101", **MARKET).status_code == 422

    assert denied() == ("held", "101", "100")


def test_on_margin_nothing_opens_while_a_price_is_missing_and_what_closes_does(
    desk: Client, account: Account, held: Order, now: datetime
) -> None:
    terms.set_kind(account, AccountKind.MARGIN)
    bought = Fill("x1", "o1", "MSFT", Side.BUY, Decimal(1), Decimal(400), Decimal(1), "taker", now)
    portfolio.book_fill(account.pk, bought)

    answer, closing = send(desk), send(desk, side="sell", quantity="100", **MARKET)

    words = "What you may open is not known while a price of your positions is missing"
    assert (answer.status_code, answer.json()["errors"]) == (422, {"account": [words]})
    assert denied() == ("equity_unknown", "", "")
    assert closing.status_code == 201
