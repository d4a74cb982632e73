"""Splits and dividends through the books: everybody's due, once, and every sum holds."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from apps.desk.position import CostMethod
from apps.history.asked import Asked
from apps.history.exports import EXPORTS
from apps.live.models import Event
from apps.market.models import Instrument, MarketState
from apps.market.quotes import board
from apps.portfolio import services as portfolio
from apps.portfolio import terms
from apps.portfolio.closed import closed_trades
from apps.portfolio.corporate import book_split
from apps.portfolio.models import Account, CorporateAction, Journal, Position
from apps.portfolio.rebuilding import rebuilt
from apps.trades import filling, services
from apps.trades.models import Order

from .applied import apply_due
from .on_margin import all_holds, held, view

pytestmark = pytest.mark.django_db
Words = Callable[..., Any]


@pytest.fixture
def tomorrow(account: Account, now: datetime) -> Callable[[], date]:
    """The next session begins, and the last price of the one before is its previous close."""

    def begin() -> date:
        day = now.date() + timedelta(days=1)
        MarketState.objects.update(session_date=day)
        Instrument.objects.filter(symbol="AAPL").update(session_date=day, previous_close=Decimal("150.00"))
        return day

    return begin


def planned(kind: str, day: date, **terms: Any) -> CorporateAction:
    instrument = Instrument.objects.get(symbol="AAPL")
    return CorporateAction.objects.create(instrument=instrument, kind=kind, ex_date=day, **terms)


def test_split_waits_for_its_day_and_then_gives_every_account_its_shares(
    account: Account, held: Order, placed: Words, bob: Any, now: datetime, tomorrow: Any
) -> None:
    """100 AAPL that cost 15,001 become 200 at the same cost; the order for the old ones ends."""
    working = placed("buy 10 AAPL limit 140.00", "gtc")
    action = planned("split", now.date() + timedelta(days=1), new=2, old=1)
    assert apply_due(now) == []
    before = view(account)
    tomorrow()

    assert [(each.symbol, each.new, each.old) for each in apply_due(now)] == [("AAPL", 2, 1)]
    assert apply_due(now) == []

    row = Position.objects.get(account=account)
    assert (row.quantity, row.cost, row.realized_pnl) == (200, Decimal("15001.00"), 0)
    working.refresh_from_db()
    assert (working.status, working.reason) == (
        "canceled",
        "AAPL was split 2 for 1: place it again for the new shares",
    )
    assert Instrument.objects.get(symbol="AAPL").previous_close == 75
    assert view(account).cash == before.cash
    assert Event.objects.get(kind="account.split").facts["memo"] == "AAPL 2 for 1: 100 shares became 200"
    action.refresh_from_db()
    assert action.applied_at is not None
    assert rebuilt(account.pk, CostMethod(account.cost_method))["AAPL"].position.qty == 200
    all_holds()


def test_day_of_a_split_is_no_gain_and_no_loss(
    account: Account, held: Order, quote: Words, now: datetime, tomorrow: Any
) -> None:
    planned("split", tomorrow(), new=3, old=1)

    apply_due(now)
    board.put(quote(bid="50.00", ask="50.02", last=Decimal("50.00"), received_at=now + timedelta(seconds=1)))

    assert view(account).day_pnl == 0


def test_what_is_no_whole_share_is_paid_in_cash(
    account: Account, placed: Words, quote: Words, now: datetime, tomorrow: Any
) -> None:
    """7 at 150.01, one for two: 3 shares, and half a share at 300.00."""
    placed("buy 7 AAPL")
    filling.match_symbol("AAPL", quote(), None, now)
    cash = view(account).cash
    planned("split", tomorrow(), new=1, old=2)

    apply_due(now)

    row = Position.objects.get(account=account)
    assert (row.quantity, row.cost, row.realized_pnl) == (3, Decimal("900.06"), Decimal("-0.01"))
    assert view(account).cash == cash + 150
    assert Journal.objects.get(kind="in_lieu").memo == "0.5 AAPL in cash at 300"
    all_holds()


def sell_what_was_split(placed: Words, quote: Words, now: datetime, tomorrow: Any) -> None:
    """100 AAPL became 200, which go at 80.00."""
    planned("split", tomorrow(), new=2, old=1)
    apply_due(now)
    later = now + timedelta(seconds=1)
    split = quote(bid="80.00", ask="80.02", received_at=later)
    board.put(split)
    placed("sell 200 AAPL", at=later)
    filling.match_symbol("AAPL", split, None, later)


def test_trades_closed_after_a_split_are_told_in_new_shares(
    account: Account, held: Order, placed: Words, quote: Words, now: datetime, tomorrow: Any
) -> None:
    sell_what_was_split(placed, quote, now, tomorrow)

    ((_, trade),) = closed_trades(account.pk)
    assert (trade.quantity, trade.entry, trade.exit, trade.gross) == (200, Decimal("75.005"), 80, 999)
    all_holds()


def test_r_multiple_of_a_trade_goes_by_its_stop_in_new_shares(
    account: Account, placed: Words, quote: Words, now: datetime, tomorrow: Any
) -> None:
    """100 at 150.01 with a stop at 140.01 risk 1,000; of 2 for 1 the stop is 70.005, and 997.00
    after fees are 0.997 R."""
    placed("buy 100 AAPL", stop_loss=Decimal("140.01"))
    filling.match_symbol("AAPL", quote(), None, now)
    sell_what_was_split(placed, quote, now, tomorrow)

    (row,) = EXPORTS["trades"].rows(account.pk, Asked())

    assert (row["stop_loss"], row["risk"], row["net_pnl"], row["r_multiple"]) == (
        "70.005",
        "1000.00",
        "997.00",
        "0.997",
    )


def test_split_that_comes_too_late_is_refused_with_the_reason(account: Account, held: Order, now: datetime) -> None:
    """Shares of the ex-date's session were traded: nobody can say whether they are old or new ones."""
    action = planned("split", now.date(), new=2, old=1)

    assert apply_due(now) == []

    action.refresh_from_db()
    assert "AAPL was traded since the ex-date began" in action.refused
    assert Position.objects.get(account=account).quantity == 100


def test_dividend_is_paid_on_what_was_held_when_the_day_began(
    account: Account, held: Order, placed: Words, quote: Words, now: datetime, tomorrow: Any
) -> None:
    """0.24 on 100 shares; the 10 that are bought on the day have none, and all sums hold."""
    day = tomorrow()
    planned("dividend", day, amount=Decimal("0.24"))
    placed("buy 10 AAPL")
    filling.match_symbol("AAPL", quote(), None, now)
    before = view(account)

    apply_due(now)
    apply_due(now)

    after = view(account)
    assert (after.cash - before.cash, after.income) == (24, 24)
    assert after.total_pnl == before.total_pnl + 24
    assert Journal.objects.get(kind="dividend").memo == "AAPL 0.24 USD a share on 100"
    assert Event.objects.get(kind="account.dividend").facts["memo"] == "24.00 USD: AAPL 0.24 USD a share on 100"
    all_holds()


def test_who_owes_shares_pays_the_dividend(margin: Account, trade: Words, now: datetime, tomorrow: Any) -> None:
    trade("sell 10 AAPL")
    planned("dividend", tomorrow(), amount=Decimal("1.50"))

    apply_due(now)

    assert view(margin).income == -15
    all_holds()


def test_dividend_that_nobody_gets_is_refused(account: Account, now: datetime, tomorrow: Any) -> None:
    action = planned("dividend", tomorrow(), amount=Decimal("0.24"))

    apply_due(now)

    action.refresh_from_db()
    assert action.refused == "Nobody held it when the ex-date began"


def test_split_goes_on_where_it_stopped(
    account: Account, held: Order, bob: Any, ticket: Words, quote: Words, now: datetime, tomorrow: Any
) -> None:
    """Alice has her shares already when the desk begins again: bob gets his, and she no more."""
    other = portfolio.open_account(bob, Decimal(10_000))
    services.place_order(other, ticket("buy 10 AAPL"), now)
    filling.match_symbol("AAPL", quote(), None, now)
    action = planned("split", tomorrow(), new=2, old=1)
    assert book_split(account.pk, action, now)

    apply_due(now)

    assert [row.quantity for row in Position.objects.order_by("account_id")] == [200, 20]
    all_holds()


def test_short_positions_are_split_as_long_ones(margin: Account, trade: Words, now: datetime, tomorrow: Any) -> None:
    trade("sell 10 AAPL")
    planned("split", tomorrow(), new=3, old=2)

    apply_due(now)

    assert held_now() == (-15, Decimal("-1499.90"))
    terms.set_cost_method(margin, CostMethod.LIFO)
    assert held_now() == (-15, Decimal("-1499.90"))
    all_holds()


def held_now() -> tuple[Decimal, Decimal]:
    return held()[:2]


@pytest.mark.parametrize(
    ("fields", "field", "words"),
    [
        ({"kind": "split", "new": "0", "old": "1"}, "new", "Must be more than 0"),
        ({"kind": "split", "new": "2", "old": "2"}, "new", "As many new shares as old ones change nothing"),
        ({"kind": "split", "new": "2", "old": "1", "amount": "1"}, "amount", "A split has none; leave it empty"),
        ({"kind": "split", "new": "2", "old": "1", "ex_date": "2020-01-02"}, "ex_date", "trades in the session of"),
        ({"kind": "dividend", "amount": "0"}, "amount", "Must be more than 0"),
        ({"kind": "dividend", "amount": "-0.24"}, "amount", "Must be more than 0"),
        ({"kind": "split", "new": "2", "old": "1", "in_lieu": "-1"}, "in_lieu", "Must not be below 0"),
        ({"kind": "dividend", "amount": "0.24"}, "instrument", "Nobody held AAPL then: nothing would be paid"),
    ],
)
def test_admin_is_told_what_makes_no_sense(
    account: Account, admin_client: Client, now: datetime, fields: dict[str, str], field: str, words: str
) -> None:
    aapl = Instrument.objects.get(symbol="AAPL").pk
    sent = {"instrument": str(aapl), "ex_date": str(now.date()), **fields}

    answer = admin_client.post("/admin/portfolio/corporateaction/add/", sent)

    assert answer.status_code == 200
    assert words in " ".join(answer.context["adminform"].form.errors[field])
    assert not CorporateAction.objects.exists()


def test_admin_plans_and_takes_back_until_it_is_applied(
    account: Account, held: Order, admin_client: Client, now: datetime, tomorrow: Any
) -> None:
    aapl = Instrument.objects.get(symbol="AAPL").pk
    day = now.date() + timedelta(days=1)
    sent = {"instrument": str(aapl), "ex_date": str(day), "kind": "split", "new": "2", "old": "1"}
    assert admin_client.post("/admin/portfolio/corporateaction/add/", sent).status_code == 302
    action = CorporateAction.objects.get()
    assert "Waits for its day" in admin_client.get("/admin/portfolio/corporateaction/").content.decode()

    tomorrow()
    apply_due(now)

    assert "Applied" in admin_client.get("/admin/portfolio/corporateaction/").content.decode()
    assert (
        admin_client.post(f"/admin/portfolio/corporateaction/{action.pk}/delete/", {"post": "yes"}).status_code == 403
    )
