"""Everything of an account's terms, short sales and margin that changes what a page shows."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from apps.desk.position import CostMethod
from apps.history import services as history
from apps.market import services as market
from apps.market.models import Instrument
from apps.portfolio import mending, terms
from apps.portfolio.models import AccountKind, CorporateAction
from apps.risk import services as risk
from apps.risk.models import RiskLimits
from apps.trades import margin_calls
from tests.trades.applied import apply_due

from .order_actions import action
from .scene import Scene


def on_margin(s: Scene) -> None:
    assert terms.set_kind(s.account, AccountKind.MARGIN)


@action
def account_put_on_margin(s: Scene) -> None:
    on_margin(s)


@action
def account_put_back_to_cash(s: Scene) -> None:
    on_margin(s)
    for order in (s.resting, s.partial):
        s.post(f"/orders/{order.pk}/cancel/", 200)
    assert terms.set_kind(s.account, AccountKind.CASH)


@action
def shares_sold_short_and_covered_in_part(s: Scene) -> None:
    on_margin(s)
    for words in ("sell 30 NVDA", "buy 10 NVDA"):
        s.order(words)
        s.match("NVDA")


@action
def short_sale_rests_with_its_exits(s: Scene) -> None:
    on_margin(s)
    s.order("sell 5 NVDA limit 120.00", take_profit="100.00", stop_loss="130.00")


@action
def sales_take_the_newest_shares(s: Scene) -> None:
    s.traded("buy 10 AAPL")
    s.quote("AAPL", "159.99", "160.01")
    s.traded("buy 5 AAPL")
    s.traded("sell 12 AAPL")
    assert terms.set_cost_method(s.account, CostMethod.LIFO)


@action
def position_worked_out_again(s: Scene) -> None:
    s.traded("buy 10 NVDA")
    held = s.account.positions.filter(instrument__symbol="NVDA")
    held.get().lots.all().delete()
    held.update(quantity=3, cost=1)
    assert mending.differences(s.account.pk, fix=True)


@action
def interest_charged(s: Scene) -> None:
    on_margin(s)
    s.traded("buy 1000 NVDA")
    s.account.refresh_from_db()
    assert s.account.cash < 0 and s.account.interest_until
    assert terms.charge_interest(s.account.interest_until + timedelta(days=3)) == 1


@action
def borrowed_shares_charged(s: Scene) -> None:
    on_margin(s)
    s.traded("sell 30 NVDA")
    s.account.refresh_from_db()
    assert s.account.cash > 0 and s.account.interest_until
    assert terms.charge_interest(s.account.interest_until + timedelta(days=3)) == 1


@action
def margin_called(s: Scene) -> None:
    on_margin(s)
    s.traded("sell 600 NVDA")
    s.quote("NVDA", "249.00", "250.00")
    s.quote("MSFT", "420.00", "420.02")
    s.quote("AAPL", "150.00", "150.02")
    assert margin_calls.call_margins(s.now) == 1
    s.match("NVDA")
    assert Decimal(0) == s.account.positions.get(instrument__symbol="NVDA").quantity


def next_day(s: Scene, symbol: str = "AAPL", **terms: Any) -> None:
    """Something of the symbol is due when the next session begins."""
    s.feed.day += timedelta(days=1)
    market.follow_session(s.feed)
    instrument = Instrument.objects.get(symbol=symbol)
    CorporateAction.objects.create(instrument=instrument, ex_date=s.feed.day, **terms)
    apply_due(s.now)


@action
def shares_split(s: Scene) -> None:
    next_day(s, kind="split", new=3, old=2)
    s.quote("AAPL", "100.00", "100.02")


@action
def shares_put_together_with_cash_for_the_rest(s: Scene) -> None:
    next_day(s, kind="split", new=1, old=3)
    s.quote("AAPL", "450.00", "450.02")


@action
def dividend_paid(s: Scene) -> None:
    next_day(s, kind="dividend", amount=Decimal("0.24"))


@action
def symbol_changed(s: Scene) -> None:
    s.traded("buy 10 NVDA")
    s.placed("sell 5 NVDA limit 200", tif="gtc")
    risk.save_limits(RiskLimits(barred_symbols="NVDA"), s.bob)
    next_day(s, "NVDA", kind="symbol", new_symbol="NV")
    assert market.learn_names(s.feed) is s.feed
    s.quote("NV", "111.00", "111.02")


@action
def fills_imported(s: Scene) -> None:
    bought, sold = "2026-03-02 10:00,NVDA,buy,5,100.00,a", "2026-03-02 11:00,NVDA,sell,2,110.00,b"
    text = f"time,symbol,side,quantity,price,id\n{bought}\n{sold}\n"
    history.keep_draft(s.account, "fills.csv", text, s.now)
    history.map_draft(s.account, history.guessed(history.headers_of(text)))
    assert history.book_draft(s.account, s.now) == 2
    history.keep_draft(s.account, "fills.csv", text, s.now)
    history.drop_draft(s.account)
