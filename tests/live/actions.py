"""Everything else that changes what a page shows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from django.test import Client

from apps.accounts.models import User
from apps.market import services as market
from apps.market.bars import MinuteBar, minute_of
from apps.market.models import Instrument
from apps.market.quotes import board
from apps.risk import services as risk
from apps.risk.models import OwnLimit, RiskLimits
from apps.trades import services as trades
from apps.watchlist import services as watchlist

from . import account_actions, alert_actions, linked_actions  # noqa: F401 -- they take their actions into the table
from .no_case import NO_CASE
from .order_actions import ACTIONS, action
from .scene import Scene

__all__ = ["ACTIONS", "NO_CASE"]

# The market


@action
def quote_of_what_is_held(s: Scene) -> None:
    s.quote("AAPL", "151.00", "151.02")


@action
def quote_of_what_is_watched(s: Scene) -> None:
    s.quote("NVDA", "109.00", "109.02")


@action
def first_quote_of_a_symbol(s: Scene) -> None:
    s.quote("TSLA", "250.00", "250.10")


@action
def many_quotes(s: Scene) -> None:
    for cents in range(40):
        for symbol, price in (("AAPL", 149), ("MSFT", 419), ("NVDA", 111)):
            s.quote(symbol, f"{price}.{cents:02}", f"{price}.{cents + 2:02}")


@action
def one_symbol_goes_stale(s: Scene) -> None:
    s.settings.QUOTE_STALE_MS = 300_000


@action
def stale_symbol_is_quoted_again(s: Scene) -> None:
    s.settings.QUOTE_STALE_MS = 300_000
    s.quote("AAPL", "150.00", "150.02")


@action
def feed_falls_silent(s: Scene) -> None:
    s.settings.QUOTE_STALE_MS = 1


@action
def market_closes(s: Scene) -> None:
    s.feed.is_open = False
    assert market.follow_session(s.feed)


@action
def market_closes_on_stale_quotes(s: Scene) -> None:
    s.settings.QUOTE_STALE_MS = 1
    market_closes(s)


@action
def market_closes_and_opens(s: Scene) -> None:
    market_closes(s)
    s.feed.is_open = True
    assert market.follow_session(s.feed)


@action
def next_session_begins(s: Scene) -> None:
    s.feed.day += timedelta(days=1)
    s.feed.closes = {"AAPL": Decimal(150), "MSFT": Decimal(420), "TSLA": Decimal(240)}
    market.open_market(s.feed)


@action
def stocks_take_the_hours_of_an_exchange(s: Scene) -> None:
    s.settings.MARKET_CALENDAR = "XNYS"
    market.open_market(s.feed)


@action
def exchange_opens_and_closes_for_a_holiday(s: Scene) -> None:
    stocks_take_the_hours_of_an_exchange(s)
    for moment in ("2026-11-25T14:30", "2026-11-25T21:00", "2026-11-26T02:00"):
        assert market.follow_hours(datetime.fromisoformat(moment).replace(tzinfo=UTC))


@action
def instrument_renamed_by_an_admin(s: Scene) -> None:
    client, row = Client(), Instrument.objects.get(symbol="AAPL")
    client.force_login(User.objects.create_superuser("root"))
    answer = client.post(f"/admin/market/instrument/{row.pk}/change/", {"name": "Apple & Co", "tradable": "on"})
    assert answer.status_code == 302, answer.content


@action
def desk_saves_and_beats(s: Scene) -> None:
    market.save_quotes([quote for symbol in ("AAPL", "NVDA") if (quote := board.latest(symbol))])
    price = Decimal(150)
    market.save_bars([MinuteBar("AAPL", minute_of(s.now), price, price, price, price)])
    market.beat(s.now, s.now)


# Lists


@action
def symbol_added(s: Scene) -> None:
    watchlist.remove_symbol(s.line("NVDA"))
    s.post("/watchlist/symbols/", 201, symbol="NVDA")


@action
def symbol_added_again(s: Scene) -> None:
    s.post("/watchlist/symbols/", 200, symbol="NVDA")


@action
def unknown_symbol_added(s: Scene) -> None:
    s.post("/watchlist/symbols/", 422, symbol="NONE")


@action
def symbols_added_to_another_list(s: Scene) -> None:
    s.post(f"/watchlist/{s.second.pk}/symbols/", 200, symbols="AAPL NVDA NONE")


@action
def symbol_removed(s: Scene) -> None:
    s.post(f"/watchlist/symbols/{s.line('MSFT').pk}/remove/", 200)


@action
def removal_undone(s: Scene) -> None:
    place = str(watchlist.remove_symbol(s.line("MSFT")))
    s.post(f"/watchlist/{s.first.pk}/restore/", 200, symbol="MSFT", place=place)


@action
def list_emptied(s: Scene) -> None:
    for line in list(s.first.symbols.all()):
        watchlist.remove_symbol(line)


@action
def symbol_moved(s: Scene) -> None:
    s.post(f"/watchlist/symbols/{s.line('MSFT').pk}/move/", 200, by="down")


@action
def list_reordered(s: Scene) -> None:
    s.post(f"/watchlist/{s.first.pk}/order/", 200, symbols="TSLA,NVDA,MSFT,AAPL")


@action
def list_renamed(s: Scene) -> None:
    s.post(f"/watchlist/{s.first.pk}/rename/", 200, name="Big <tech>")


@action
def list_created(s: Scene) -> None:
    s.post("/watchlist/lists/", 201, name="Third")


@action
def list_deleted(s: Scene) -> None:
    s.post(f"/watchlist/{s.second.pk}/delete/", 200)


# Limits


@action
def all_orders_of_a_suspended_trader_cancelled(s: Scene) -> None:
    assert trades.cancel_orders_of(s.alice, s.now) == "5 orders cancelled"


@action
def kill_switch_of_the_desk_set(s: Scene) -> None:
    risk.save_limits(RiskLimits(halted=True, halt_reason="Runaway <orders>"), s.bob)


@action
def kill_switch_of_an_account_set_and_lifted(s: Scene) -> None:
    row = RiskLimits(account=s.account, halted=True, halt_reason="Asked by Alice")
    risk.save_limits(row, s.bob)
    row.halted, row.halt_reason = False, ""
    risk.save_limits(row, s.bob)


@action
def own_trading_stopped(s: Scene) -> None:
    s.post("/settings/limits/", 302, stopped="on", day_loss="500")


@action
def own_trading_goes_on_later_and_then_at_once(s: Scene) -> None:
    risk.set_own_limits(s.account, {"stopped": Decimal(0)}, s.now)
    s.post("/settings/limits/", 302)
    risk.loosen_now(list(OwnLimit.objects.all()), s.now)


# Notifications


@action
def notifications_read(s: Scene) -> None:
    s.post("/activity/read/", 302, seq="5")


@action
def all_read_and_told_again(s: Scene) -> None:
    s.post("/activity/read/", 302, seq="999999")
    s.order("buy 3 NVDA limit 90.00")
