"""R-RISK: each limit refuses over HTTP with field and numbers, and the ticket says the same before it is sent."""

from __future__ import annotations

import html
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from apps import telemetry
from apps.desk.fill import Fill
from apps.desk.limits import NUMBERS
from apps.desk.order import Side
from apps.desk.quote import Quote
from apps.live.models import Event
from apps.market.quotes import board
from apps.portfolio import services as portfolio
from apps.portfolio.models import Account
from apps.portfolio.queries import load_holdings, portfolio_value
from apps.risk.models import RiskLimits
from apps.trades import filling
from apps.trades.models import Order

from .http import FIELDS, HTMX, JSON

pytestmark = pytest.mark.django_db
Place = Callable[..., Order]
MARKET = {"order_type": "market", "limit_price": ""}


@pytest.fixture(autouse=True)
def priced(settings: Any) -> None:
    settings.COMMISSION = "per-share 0.005 min 1.00"


def limit(account: Account | None = None, **limits: Any) -> RiskLimits:
    return RiskLimits.objects.update_or_create(account=account, defaults=limits)[0]


def send(desk: Client, **fields: str) -> Any:
    return desk.post("/orders/", {**FIELDS, "client_order_id": str(uuid.uuid4()), **fields}, headers=JSON)


def estimate(desk: Client, **fields: str) -> str:
    answer = desk.get("/orders/ticket/", {**FIELDS, **fields}, headers=HTMX)
    return html.unescape(answer.content.decode())


def counted(rule: str) -> float:
    return telemetry.value(telemetry.orders_denied.labels(rule))


CASES = {
    "halted": (
        {"halted": True, "halt_reason": "Runaway orders"},
        {},
        {"account": ["New orders are stopped for the whole desk: Runaway orders"]},
    ),
    "symbol_barred": (
        {"barred_symbols": "AAPL TSLA"},
        {},
        {"symbol": ["AAPL may not be traded here: it is on the deny list"]},
    ),
    "symbol_not_allowed": (
        {"allowed_symbols": "MSFT"},
        {},
        {"symbol": ["AAPL may not be traded here; allowed: MSFT"]},
    ),
    "order_rate": (
        {"orders_per_minute": 2},
        {},
        {"account": ["Would be order 3 within a minute; your limit is 2"]},
    ),
    "position_qty": (
        {"position_qty": 120},
        {},
        {"quantity": ["Would make 130 AAPL; your limit is 120"]},
    ),
    "position_usd": (
        {"position_usd": Decimal(15_000)},
        {},
        {"quantity": ["Would make 130 AAPL worth 19,501.30 USD; your limit is 15,000.00"]},
    ),
    "position_pct": (
        {"position_pct": Decimal("12.5")},
        {},
        {"quantity": ["Would make 130 AAPL worth 19,501.30 USD; your limit is 12.5 % of equity, 12,499.88"]},
    ),
    "day_loss": (
        {"day_loss": Decimal("0.50")},
        MARKET,
        {"account": ["Today's loss is 1.00 USD; your limit is 0.50"]},
    ),
    "exposure_usd": (
        {"exposure_usd": Decimal(19_000)},
        {},
        {"quantity": ["Would make an exposure of 19,482.10 USD; your limit is 19,000.00"]},
    ),
    "exposure_pct": (
        {"exposure_pct": Decimal(19)},
        {},
        {"quantity": ["Would make an exposure of 19,482.10 USD; your limit is 19 % of equity, 18,999.81"]},
    ),
    "drawdown": (
        {"drawdown_pct": Decimal(0)},
        MARKET,
        {"account": ["You are 1.00 USD below your best; your limit is 0 %, 0.00"]},
    ),
    "price_band": (
        {"price_band_pct": Decimal(5)},
        {"limit_price": "180.00"},
        {"limit_price": ["Limit price 180 is more than 5 % from the quote 149.99 × 150.01; at most 157.5105"]},
    ),
}


@pytest.mark.parametrize("rule", CASES)
def test_limit_refuses_with_field_and_numbers_and_the_ticket_says_so_before(
    desk: Client, held: Order, placed: Place, rule: str, django_capture_on_commit_callbacks: Any
) -> None:
    """Alice holds 100 AAPL and has a working buy of 20 more; within limits the same order is taken."""
    placed("buy 20 AAPL limit 149.00")
    limits, fields, errors = CASES[rule]
    (words,) = next(iter(errors.values()))
    before = send(desk, **fields)
    desk.post(f"/orders/{before.json()['id']}/cancel/")
    Order.objects.filter(pk=before.json()["id"]).delete()
    limit(**limits)
    refusals = counted(rule)

    shown = estimate(desk, **fields)
    with django_capture_on_commit_callbacks(execute=True):
        answer = send(desk, **fields)

    assert before.status_code == 201
    assert (answer.status_code, answer.json()["errors"], answer.json()["rule"]) == (422, errors, rule)
    assert f'<p class="error">{words}</p>' in shown
    assert counted(rule) == refusals + 1
    event = Event.objects.get(kind="order.denied")
    assert (event.facts["rule"], event.facts["reason"]) == (rule, words)


@pytest.mark.parametrize("rule", CASES)
def test_page_shows_the_refusal_of_a_sent_ticket(desk: Client, held: Order, placed: Place, rule: str) -> None:
    placed("buy 20 AAPL limit 149.00")
    limits, fields, errors = CASES[rule]
    limit(**limits)

    answer = desk.post("/orders/", {**FIELDS, **fields}, headers=HTMX)

    assert answer.status_code == 422
    assert next(iter(errors.values()))[0] in html.unescape(answer.content.decode())


def test_stop_price_is_held_against_the_band(desk: Client, account: Account) -> None:
    limit(price_band_pct=Decimal(5))

    answer = send(desk, order_type="stop", limit_price="", stop_price="200.00")

    assert (answer.status_code, list(answer.json()["errors"])) == (422, ["stop_price"])


def test_kill_switch_of_an_account_stops_only_its_owner(desk: Client, account: Account, bob: Any) -> None:
    other = Client()
    other.force_login(bob)
    portfolio.open_account(bob, Decimal(100_000))
    limit(account, halted=True, halt_reason="Asked by Alice")

    assert send(desk).json()["errors"] == {"account": ["New orders are stopped for this account: Asked by Alice"]}
    assert send(other).status_code == 201


def test_kill_switch_leaves_cancelling_and_the_answer_to_a_retry(desk: Client, placed: Place) -> None:
    working = placed("buy 10 AAPL limit 149.00")
    sent = send(desk, client_order_id="once")
    switch = limit(halted=True, halt_reason="Runaway orders")

    refused, again = send(desk, side="sell"), send(desk, client_order_id="once")
    cancelled = desk.post(f"/orders/{working.pk}/cancel/", headers=JSON)

    assert (sent.status_code, refused.status_code, again.status_code) == (201, 422, 200)
    assert (cancelled.status_code, cancelled.json()["status"]) == (200, "canceled")
    switch.halted = False
    switch.save()
    assert send(desk).status_code == 201


def test_sell_of_held_shares_passes_every_limit_on_position_and_loss(
    desk: Client, held: Order, quote: Callable[..., Quote], now: datetime
) -> None:
    board.put(quote("99.99", "100.01", received_at=now + timedelta(milliseconds=1)))
    limit(**dict.fromkeys(set(NUMBERS) - {"orders_per_minute", "price_band_pct"}, 0))

    assert send(desk, **MARKET).status_code == 422
    assert send(desk, side="sell", quantity="100", **MARKET).status_code == 201


def test_loss_of_the_day_is_the_one_on_the_screen(
    desk: Client, account: Account, held: Order, quote: Callable[..., Quote], now: datetime
) -> None:
    board.put(quote("137.99", "138.01", received_at=now + timedelta(milliseconds=1)))
    limit(day_loss=Decimal(1000))
    screen = portfolio_value(load_holdings(account.pk), board, now)

    answer = send(desk, **MARKET)

    assert screen.day_pnl == Decimal("-1201.00")
    assert answer.json()["errors"] == {"account": ["Today's loss is 1,201.00 USD; your limit is 1,000.00"]}


@pytest.mark.parametrize(
    ("limits", "field"),
    [
        ({"day_loss": Decimal(1000)}, "account"),
        ({"position_pct": Decimal(50)}, "quantity"),
        ({"exposure_usd": Decimal(10**6)}, "quantity"),
        ({"drawdown_pct": Decimal(50)}, "account"),
    ],
)
def test_missing_price_of_a_position_refuses_buys_where_a_limit_needs_it(
    desk: Client, account: Account, now: datetime, limits: dict[str, Any], field: str
) -> None:
    portfolio.book_fill(
        account.pk, Fill("x1", "o1", "MSFT", Side.BUY, Decimal(1), Decimal(400), Decimal(1), "taker", now)
    )

    assert send(desk).status_code == 201
    limit(**limits)
    answer = send(desk)

    assert (answer.status_code, list(answer.json()["errors"])) == (422, [field])
    assert "not known while a price is missing" in answer.json()["errors"][field][0]


def test_limit_of_the_account_stands_before_the_desks(desk: Client, account: Account) -> None:
    limit(position_qty=5)
    limit(account, position_qty=50)

    assert send(desk, quantity="10").status_code == 201
    assert send(desk, quantity="41").json()["errors"] == {"quantity": ["Would make 51 AAPL; your limit is 50"]}


def test_partly_filled_buy_counts_once(
    desk: Client, account: Account, placed: Place, quote: Callable[..., Quote], now: datetime
) -> None:
    placed("buy 100 AAPL")
    filling.match_symbol("AAPL", quote(size=30), None, now)
    limit(position_qty=100)

    assert send(desk, quantity="1").json()["errors"] == {"quantity": ["Would make 101 AAPL; your limit is 100"]}


def test_orders_of_the_minute_before_do_not_count(desk: Client, placed: Place, now: datetime) -> None:
    for _ in range(2):
        placed("buy 1 AAPL limit 149.00")
    limit(orders_per_minute=2)

    assert send(desk).status_code == 422
    Order.objects.update(created_at=now - timedelta(seconds=61))
    assert send(desk).status_code == 201


def test_change_is_held_to_the_limits_and_counts_its_own_shares_once(
    desk: Client, account: Account, placed: Place
) -> None:
    order = placed("buy 10 AAPL limit 140")
    limit(account, position_qty=15, orders_per_minute=1)

    within = desk.post(f"/orders/{order.pk}/replace/", {"quantity": "15"}, headers=JSON)
    beyond = desk.post(f"/orders/{order.pk}/replace/", {"quantity": "16"}, headers=JSON)

    assert within.status_code == 200
    assert (beyond.status_code, list(beyond.json()["errors"])) == (422, ["quantity"])
    assert Order.objects.get().quantity == 15
