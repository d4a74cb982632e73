"""What is pushed is what the page shows: a page before, with the fragments pushed, is the page after."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.db import connection
from django.http import Http404
from django.test.utils import CaptureQueriesContext

from apps.desk.quote import Quote
from apps.live.fragments import render_fragment
from apps.live.models import Event
from apps.live.moments import micros
from apps.live.toasts import draw_toast
from apps.portfolio import services as portfolio
from apps.portfolio.models import Account
from apps.trades import filling, services
from apps.trades.fragments import TradesPage
from apps.trades.models import Order

pytestmark = pytest.mark.django_db
Place = Callable[..., Order]
Quotes = Callable[..., Quote]
TABS = [{"tab": "working"}, {"tab": "filled"}, {"tab": "closed"}]


def shown(user: Any, order: Order) -> dict[str, str]:
    """Every fragment of every state of the orders page, as drawn from nothing."""
    page = TradesPage()
    topics = {topic for params in [*TABS, {"order": str(order.pk)}] for topic in page.topics(user, params)}
    return {topic: render_fragment(topic) for topic in sorted(topics)}


def test_pushed_fragments_make_the_page_what_it_becomes(
    account: Account, alice: Any, placed: Place, quote: Quotes, now: datetime
) -> None:
    """R-TABS: the fragments that an event names are all that changes."""
    order = placed("buy 100 AAPL limit 150.01")
    steps: list[Callable[[], object]] = [
        lambda: filling.match_symbol("AAPL", quote(size=30), None, now),
        lambda: placed("buy 5 AAPL limit 140"),
        lambda: services.cancel_order(account, order.pk, now),
        lambda: services.expire_day_orders(now.date(), now),
    ]
    for step in steps:
        page, seen = shown(alice, order), Event.objects.count()

        step()

        named = {topic for event in Event.objects.order_by("pk")[seen:] for topic in event.topics}
        pushed = {topic: render_fragment(topic) for topic in page if topic in named}
        assert page | pushed == shown(alice, order)


@pytest.mark.parametrize("kind", ["orders", "fills"])
def test_fragment_takes_as_many_queries_for_many_as_for_few(
    kind: str, account: Account, placed: Place, quote: Quotes, now: datetime
) -> None:
    counts = []
    for _ in range(2):
        placed("buy 1 AAPL")
        filling.match_symbol("AAPL", quote(), None, now)
        placed("buy 1 AAPL limit 100")
        with CaptureQueriesContext(connection) as queries:
            render_fragment(f"{kind}/{account.pk}")
        counts.append(len(queries))

    assert counts[0] == counts[1] <= 4


def test_fragment_carries_when_it_became_true(account: Account, placed: Place) -> None:
    """R-STALE"""
    placed("buy 1 AAPL limit 100")

    event = Event.objects.get(kind="order.accepted")
    assert f'data-ts="{micros(event.at)}"' in render_fragment(f"orders/{account.pk}")


@pytest.mark.parametrize(
    ("words", "bid", "ask", "size", "kind", "text"),
    [
        ("buy 10 AAPL", "149.99", "150.01", 100, "order.filled", "Buy 10 AAPL</strong> filled at 150.01"),
        ("buy 10 AAPL", "149.99", "150.01", 4, "order.partially_filled", "partly filled: 4 at 150.01, 6 left"),
        ("buy 10 AAPL limit 149", "149.99", "150.01", 4, "order.accepted", "working at 149.00 or better"),
        ("buy 10 AAPL stop 152", "149.99", "150.01", 4, "order.accepted", "working, stop at 152"),
    ],
)
def test_toast_says_what_happened(
    words: str, bid: str, ask: str, size: int, kind: str, text: str, placed: Place, quote: Quotes, now: datetime
) -> None:
    """R-TOAST"""
    placed(words)
    filling.match_symbol("AAPL", quote(bid, ask, size=size), None, now)

    event = Event.objects.get(kind=kind)
    toast = " ".join(draw_toast(event).split())
    assert text in toast
    assert f'data-seq="{event.seq}"' in toast


def test_toast_of_a_sell_has_the_tone_of_a_buy(held: Order, placed: Place, quote: Quotes, now: datetime) -> None:
    """R-TOAST: tone says how severe it is, never which side."""
    placed("sell 1 AAPL")
    filling.match_symbol("AAPL", quote(), None, now)

    tones = [event.facts["tone"] for event in Event.objects.filter(kind="order.filled")]
    assert tones == ["success", "success"]


@pytest.mark.parametrize("params", [{"tab": "nonsense"}, {"order": "nonsense"}])
def test_page_refuses_nonsense(params: dict[str, str], account: Account, alice: Any) -> None:
    with pytest.raises(Http404):
        TradesPage().topics(alice, params)


def test_page_refuses_anothers_order(account: Account, bob: Any, placed: Place) -> None:
    """R-AUTH"""
    order = placed("buy 1 AAPL limit 100")
    portfolio.open_account(bob)

    with pytest.raises(Http404):
        TradesPage().topics(bob, {"order": str(order.pk)})


def test_page_without_account_has_no_topics(charlie: Any) -> None:
    assert TradesPage().topics(charlie, {}) == []
