"""Orders that hang on others, or on the hours, and change what a page shows."""

from __future__ import annotations

from apps.market import services as market
from apps.market.quotes import board
from apps.trades import services as trades
from apps.trades.models import Order

from .order_actions import action
from .scene import Scene

THEN = {"then_side": "sell", "then_quantity": "3", "then_order_type": "limit", "then_limit_price": "120.00"}


@action
def second_order_waits(s: Scene) -> None:
    s.order("buy 3 NVDA limit 100.00", **THEN)


@action
def second_order_begins(s: Scene) -> None:
    s.order("buy 3 NVDA", **THEN)
    s.match("NVDA")
    assert Order.objects.get(after__instrument__symbol="NVDA").status == "new"


@action
def second_order_of_the_one_on_its_page_begins(s: Scene) -> None:
    s.match("MSFT")
    assert Order.objects.get(pk=s.waiting.pk).status == "new"


@action
def second_order_rejected_for_what_is_not_held_then(s: Scene) -> None:
    s.order("sell 10 MSFT")
    s.match("MSFT", size=10)
    s.order("buy 3 NVDA", **{**THEN, "then_symbol": "TSLA"})
    s.match("NVDA")
    assert Order.objects.get(after__instrument__symbol="NVDA").status == "rejected"


@action
def first_order_cancelled_with_its_second(s: Scene) -> None:
    s.post(f"/orders/{s.partial.pk}/cancel/", 200)
    assert Order.objects.get(pk=s.waiting.pk).status == "canceled"


@action
def second_order_cancelled_alone(s: Scene) -> None:
    trades.cancel_order(s.account, s.waiting.pk, s.now)


@action
def second_order_changed_while_it_waits(s: Scene) -> None:
    s.post(f"/orders/{s.waiting.pk}/replace/", 200, quantity="15", limit_price="480.00")


@action
def second_order_refused_with_its_field(s: Scene) -> None:
    s.order("buy 3 NVDA limit 100.00", status=422, **{**THEN, "then_quantity": "0"})


@action
def order_for_extended_hours_waits_for_them(s: Scene) -> None:
    s.settings.MARKET_CALENDAR = "XNYS"
    market.open_market(s.feed)
    board.refresh()
    s.order("buy 3 AAPL limit 150", time_in_force="gtc", extended_hours="on")
