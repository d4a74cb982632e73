"""The matching policy as the settings say it, down to the fill that keeps what made it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from apps.desk.quote import Quote
from apps.live import bus
from apps.trades import filling
from apps.trades.brokers.paper import PaperBroker
from apps.trades.models import Fill, Order
from apps.trades.threads import in_thread

from .scripted import Rings, place, quoted, running, scripted_desk, status_of

Placed = Callable[..., Order]


def test_a_fill_keeps_the_quote_the_policy_and_the_seed(
    placed: Placed, quote: Callable[..., Quote], now: datetime, settings: Any, desk: Client
) -> None:
    settings.SLIPPAGE_BPS, settings.SLIPPAGE_SEED = Decimal(5), 11
    order, against = placed("buy 100 AAPL"), quote()

    filling.match_symbol("AAPL", against, None, now)

    fill = Fill.objects.get()
    assert (fill.bid, fill.ask, fill.last) == (against.bid, against.ask, against.last)
    assert (fill.bid_size, fill.ask_size, fill.seed) == (against.bid_size, against.ask_size, 11)
    assert against.ask <= fill.last_px <= against.ask * Decimal("1.0006")
    assert fill.policy == "touch-displayed-size, slips 5 bps (seed 11)"
    page = desk.get(f"/orders/{order.pk}/").content.decode()
    assert "at the bid or ask, up to the size shown, slips 5 bps (seed 11); a quote" in page
    assert fill.at.strftime("%-d %b %Y %H:%M:%S</time>") in page


def test_without_slippage_there_is_no_seed(held: Order) -> None:
    assert (Fill.objects.get().policy, Fill.objects.get().seed) == ("touch-displayed-size", None)


@pytest.mark.parametrize(("price", "status"), [("touch", "new"), ("last", "filled")])
def test_at_the_last_price_a_limit_inside_the_spread_fills(
    placed: Placed, quote: Callable[..., Quote], now: datetime, settings: Any, price: str, status: str
) -> None:
    """By the broker's own books, which must reach what the policy reaches."""
    settings.FILL_PRICE = price
    order, broker = placed("buy 10 AAPL limit 150.00"), PaperBroker()
    broker.refresh()
    against = replace(quote(), last=Decimal("150.00"))

    if broker.would_fill(against, now):
        broker.fill(against, now)

    order.refresh_from_db()
    assert order.status == status


def test_an_order_travels_before_it_is_filled(
    placed: Placed, quote: Callable[..., Quote], now: datetime, settings: Any
) -> None:
    settings.FILL_LATENCY_MS = 400
    order = placed("buy 10 AAPL", at=now)

    statuses = []
    for waited in (399, 400):
        filling.match_symbol("AAPL", quote(), None, now + timedelta(milliseconds=waited))
        order.refresh_from_db()
        statuses.append(order.status)

    assert statuses == ["new", "filled"]


def test_a_fill_keeps_how_old_its_quote_was(
    placed: Placed, quote: Callable[..., Quote], now: datetime, settings: Any
) -> None:
    settings.QUOTE_STALE_MS = 2_000
    placed("buy 10 AAPL", at=now)

    filling.match_symbol("AAPL", quote(), None, now + timedelta(milliseconds=1_234))

    assert Fill.objects.get().quote_age_ms == 1_234


@pytest.mark.django_db(transaction=True)
async def test_the_desk_looks_again_when_an_order_has_arrived(account: Any, ticket: Any, settings: Any) -> None:
    """No further quote and no second passes: only its arrival can have woken the matching."""
    settings.FILL_LATENCY_MS = 300
    desk = await scripted_desk()
    await quoted(desk)
    await desk.match_waiting()
    bus.subscribe(bus.RINGS, desk.hear_ring)
    async with running(desk.match()):
        order = await place(account, ticket("buy 10 AAPL"))
        await Rings().until(lambda: status_of(order) == "filled")
    bus.unsubscribe(bus.RINGS, desk.hear_ring)

    fill = await in_thread(Fill.objects.get)
    assert fill.at - order.created_at >= timedelta(milliseconds=300)
