"""Everything of orders and cash that changes what a page shows."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

from django.test import Client

from apps.accounts.models import User
from apps.market import services as market
from apps.portfolio import services as portfolio
from apps.trades import services as trades

from .scene import Scene

ACTIONS: dict[str, Callable[[Scene], None]] = {}


def action(act: Callable[[Scene], None]) -> Callable[[Scene], None]:
    """Takes the action into the table by its name."""
    ACTIONS[act.__name__] = act
    return act


# Orders


@action
def market_buy_placed(s: Scene) -> None:
    s.order("buy 3 AAPL")


@action
def market_buy_filled(s: Scene) -> None:
    s.order("buy 3 AAPL")
    s.match("AAPL")


@action
def first_buy_of_a_symbol_filled(s: Scene) -> None:
    s.order("buy 3 NVDA")
    s.match("NVDA")


@action
def limit_buy_sent_twice(s: Scene) -> None:
    fields = {"symbol": "NVDA", "side": "buy", "order_type": "limit", "quantity": "5", "limit_price": "100.00"}
    for status in (201, 200):
        s.post("/orders/", status, **fields, client_order_id="twice")


@action
def limit_buy_rests(s: Scene) -> None:
    s.order("buy 5 NVDA limit 100.00")


@action
def limit_buy_partly_filled(s: Scene) -> None:
    s.order("buy 100 AAPL limit 150.50")
    s.match("AAPL", size=30)


@action
def resting_limit_filled_by_a_quote(s: Scene) -> None:
    s.quote("AAPL", "139.00", "139.50")
    s.match("AAPL")


@action
def order_filled_in_three_parts(s: Scene) -> None:
    for size in (10, 15, 5):
        s.match("MSFT", size=size)


@action
def position_sold_out(s: Scene) -> None:
    s.order("sell 30 MSFT")
    s.match("MSFT")


@action
def sell_limit_rests(s: Scene) -> None:
    s.order("sell 20 AAPL limit 180.00")


@action
def sell_partly_filled(s: Scene) -> None:
    s.order("sell 20 AAPL limit 149.00")
    s.match("AAPL", size=8)


@action
def stop_elected_by_a_quote(s: Scene) -> None:
    s.quote("AAPL", "118.00", "118.10")
    s.match("AAPL")


@action
def buy_that_became_too_dear(s: Scene) -> None:
    s.order("buy 100 MSFT")
    s.quote("MSFT", "700.00", "700.10")
    s.match("MSFT")
    assert "more than is available" in s.newest().reason


@action
def order_sent_twice(s: Scene) -> None:
    s.order("buy 3 NVDA limit 90.00", client_order_id="again")
    s.order("buy 3 NVDA limit 90.00", client_order_id="again", status=200)


@action
def order_refused(s: Scene) -> None:
    s.order("buy 900000 AAPL", status=422)


@action
def order_refused_by_the_kill_switch(s: Scene) -> None:
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    switch = {"account": s.account.pk, "halted": "on", "halt_reason": "Runaway orders"}
    answer = client.post("/admin/risk/risklimits/add/", switch)
    assert answer.status_code == 302, answer.content
    s.order("buy 3 NVDA limit 90.00", status=422)


@action
def order_cancelled(s: Scene) -> None:
    s.post(f"/orders/{s.resting.pk}/cancel/", 200)


@action
def partly_filled_order_cancelled(s: Scene) -> None:
    s.post(f"/orders/{s.partial.pk}/cancel/", 200)


@action
def sell_cancelled(s: Scene) -> None:
    s.post(f"/orders/{s.lasting.pk}/cancel/", 200)


@action
def closed_order_cancelled_again(s: Scene) -> None:
    s.post(f"/orders/{s.canceled.pk}/cancel/", 422)


@action
def day_orders_expire(s: Scene) -> None:
    assert trades.expire_day_orders(s.feed.day, s.now) == 3


@action
def stop_limit_elected_and_rests(s: Scene) -> None:
    s.order("sell 5 AAPL stop 151 limit 152")
    s.match("AAPL")


@action
def trailing_stop_follows_and_sells(s: Scene) -> None:
    s.order("sell 5 AAPL trail 2%")
    trades.trail(s.newest().pk, Decimal("155"))
    s.quote("AAPL", "151.80", "151.90")
    s.match("AAPL")
    assert s.newest().status == "filled"


@action
def immediate_order_filled_in_part(s: Scene) -> None:
    s.order("buy 40 NVDA", time_in_force="ioc")
    s.match("NVDA", size=15)


@action
def fill_or_kill_killed(s: Scene) -> None:
    s.order("buy 40 NVDA", time_in_force="fok")
    s.match("NVDA", size=15)


@action
def dated_order_expires(s: Scene) -> None:
    s.placed("buy 1 NVDA limit 90", tif="gtd", expires_at=s.now + timedelta(days=1))
    assert trades.expire_dated_orders(s.now + timedelta(days=1)) == 1


@action
def bracket_placed(s: Scene) -> None:
    s.order("buy 4 NVDA limit 110.50", take_profit="120", stop_loss="105")


@action
def bracket_bought_in_part_and_stopped_out(s: Scene) -> None:
    s.order("buy 4 NVDA limit 110.50", take_profit="120", stop_loss="105")
    s.match("NVDA", size=3)
    s.quote("NVDA", "104.00", "111.00")
    s.match("NVDA", size=2)


@action
def take_profit_filled(s: Scene) -> None:
    s.order("buy 4 NVDA", take_profit="120", stop_loss="105")
    s.match("NVDA")
    s.quote("NVDA", "121.00", "121.10")
    s.match("NVDA")


@action
def order_changed(s: Scene) -> None:
    s.post(f"/orders/{s.resting.pk}/replace/", 200, quantity="80", limit_price="141.50")


@action
def partly_filled_order_changed(s: Scene) -> None:
    s.post(f"/orders/{s.partial.pk}/replace/", 200, quantity="25")


@action
def order_change_refused(s: Scene) -> None:
    s.post(f"/orders/{s.resting.pk}/replace/", 422, quantity="900000")


@action
def all_orders_cancelled(s: Scene) -> None:
    s.post("/orders/cancel/", 200)


@action
def position_closed(s: Scene) -> None:
    s.post("/orders/close/", 201, symbol="AAPL")
    s.match("AAPL")


@action
def position_that_is_none_closed(s: Scene) -> None:
    s.post("/orders/close/", 422, symbol="NVDA")


@action
def another_trader_trades(s: Scene) -> None:
    s.traded("buy 9 AAPL", owner=s.bobs)


# Cash


@action
def deposit(s: Scene) -> None:
    portfolio.deposit(s.account, Decimal(500), "ref-1", "A gift")


@action
def withdrawal(s: Scene) -> None:
    portfolio.withdraw(s.account, Decimal(500), "ref-2", "Back")


@action
def deposit_booked_twice(s: Scene) -> None:
    for _ in range(2):
        portfolio.deposit(s.account, Decimal(500), "ref-1", "A gift")


@action
def account_opened_again(s: Scene) -> None:
    portfolio.open_account(s.alice, Decimal(5))


@action
def equity_points_taken(s: Scene) -> None:
    assert sum(portfolio.take_equity_points(s.now)) == 2


@action
def session_closed(s: Scene) -> None:
    assert [portfolio.keep_session_equity(s.now) for _ in range(2)] == [2, 0]


@action
def order_waits_for_hours_that_stocks_begin_to_keep(s: Scene) -> None:
    s.settings.MARKET_CALENDAR = "XNYS"
    market.open_market(s.feed)
    s.order("buy 3 AAPL limit 150", time_in_force="gtc")
