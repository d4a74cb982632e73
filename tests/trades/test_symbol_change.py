"""A symbol that changes: everything goes on under the new one, and the old one leads to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from apps.desk.position import CostMethod
from apps.history.statement import guessed, headers_of, read
from apps.live.models import Event
from apps.market.models import Bar, FormerSymbol, Instrument, MarketState
from apps.market.quotes import board
from apps.portfolio.models import Account, CorporateAction, Journal, Position
from apps.portfolio.rebuilding import rebuilt
from apps.risk import services as risk
from apps.risk.models import RiskLimits
from apps.traderalerts.models import TraderAlert
from apps.trades import filling, services
from apps.trades.importing import import_fills
from apps.trades.models import Order
from apps.trades.ticket import Placed, Refused

from .applied import apply_due
from .on_margin import all_holds, view
from .words import ticket_of

pytestmark = pytest.mark.django_db
Words = Callable[..., Any]
JSON = {"accept": "application/json"}


@pytest.fixture
def renamed(account: Account, now: Any, django_capture_on_commit_callbacks: Any) -> Callable[[], None]:
    """AAPL is called NEW from the next session on, which begins."""

    def do() -> None:
        day = now.date() + timedelta(days=1)
        MarketState.objects.update(session_date=day)
        planned(day)
        with django_capture_on_commit_callbacks(execute=True):
            apply_due(now)

    return do


def planned(day: date, **more: Any) -> CorporateAction:
    aapl = Instrument.objects.get(symbol="AAPL")
    return CorporateAction.objects.create(
        **{"instrument": aapl, "kind": "symbol", "ex_date": day, "new_symbol": "NEW"} | more
    )


def test_it_waits_for_its_day_and_then_everything_goes_on(
    account: Account, held: Order, placed: Words, quote: Words, now: Any, django_capture_on_commit_callbacks: Any
) -> None:
    """Same shares, lots, cost and order; what comes next is booked to them, and every sum holds."""
    working = placed("sell 40 AAPL limit 151.00", "gtc")
    aapl, before = Instrument.objects.get(symbol="AAPL"), view(account)
    Bar.objects.create(instrument=aapl, start=now, open=1, high=1, low=1, close=1, volume=1)
    action = planned(now.date() + timedelta(days=1))
    assert apply_due(now) == []
    MarketState.objects.update(session_date=action.ex_date)

    with django_capture_on_commit_callbacks(execute=True):
        assert [(each.old, each.new) for each in apply_due(now)] == [("AAPL", "NEW")]
    assert apply_due(now) == []

    aapl.refresh_from_db()
    working.refresh_from_db()
    assert (aapl.symbol, aapl.bars.count(), working.status, working.in_words) == ("NEW", 1, "new", "Sell 40 NEW")
    assert (view(account).equity, view(account).unrealized) == (before.equity, before.unrealized)
    later = quote(symbol="NEW", bid="151.00", ask="151.02", received_at=now + timedelta(seconds=1))
    assert board.put(later) is None
    filling.match_symbol("NEW", later, None, later.received_at)
    row = Position.objects.get(account=account)
    assert (row.quantity, row.cost, row.realized_pnl) == (60, Decimal("9000.60"), Decimal("39.60"))
    assert rebuilt(account.pk, CostMethod.FIFO)["NEW"].position.qty == 60
    all_holds()


def test_ledger_history_and_activity_say_so(account: Account, held: Order, renamed: Words, desk: Client) -> None:
    renamed()

    booked = Journal.objects.get(kind="symbol")
    event = Event.objects.get(kind="account.symbol")
    assert (booked.in_words, booked.quantity, event.toast) == ("AAPL is called NEW from now on", 0, True)
    assert event.facts["memo"] == booked.memo
    action = CorporateAction.objects.get()
    assert (str(action), booked.corporate_action) == (f"AAPL becomes NEW, {action.ex_date}", action)
    for path in ("/portfolio/ledger/?q=AAPL", "/history/?tab=ledger&kind=symbol", "/activity/"):
        assert b"AAPL is called NEW from now on" in desk.get(path).content
    assert b"Buy 100 NEW at 150.01" in desk.get("/history/?tab=ledger&symbol=AAPL").content


def test_who_only_waits_to_buy_is_told_too(account: Account, placed: Words, renamed: Words) -> None:
    placed("buy 10 AAPL limit 140.00", "gtc")

    renamed()

    assert Event.objects.filter(kind="account.symbol").count() == 1
    assert not Journal.objects.filter(kind="symbol").exists()


def test_old_symbol_leads_to_the_new_one(account: Account, held: Order, renamed: Words, desk: Client) -> None:
    renamed()

    answer = desk.get("/symbols/AAPL/", follow=True)

    assert answer.redirect_chain == [("/symbols/NEW/", 302)]
    assert b"AAPL is called NEW now." in answer.content
    assert desk.get("/?symbol=AAPL").context["topics"]["book"] == "book/NEW"
    assert desk.get("/symbols/AAPL/bars.json").json()["symbol"] == "NEW"
    assert desk.get("/symbols/?q=aapl", headers=JSON).json() == {
        "symbols": [{"symbol": "NEW", "name": "Apple", "was": "AAPL"}]
    }
    assert b"was AAPL" in desk.get("/symbols/?q=AAPL").content
    assert b"150.01" in desk.get("/portfolio/receipts/unrealized-pnl/?symbol=AAPL").content
    assert [each.in_words for each in desk.get("/orders/?tab=filled&symbol=aapl").context["found"]] == ["Buy 100 NEW"]


def test_ticket_takes_the_old_symbol_and_says_what_it_is_called(
    account: Account, held: Order, renamed: Words, desk: Client
) -> None:
    renamed()
    fields = {"symbol": "aapl", "side": "sell", "quantity": "5", "order_type": "limit", "limit_price": "160.00"}

    estimate = desk.get("/orders/ticket/", fields, headers={"HX-Request": "true"})
    sent = desk.post("/orders/", fields, headers=JSON)

    assert b"AAPL is called NEW now" in estimate.content
    assert sent.json()["symbol"] == "NEW"


def test_order_sent_again_by_the_old_symbol_is_the_same_order(
    account: Account, held: Order, ticket: Words, renamed: Words, now: Any
) -> None:
    first = services.place_order(account, ticket("sell 5 AAPL limit 160.00", "gtc", "mine"), now)
    renamed()

    again = services.place_order(account, ticket("sell 5 NEW limit 160.00", "gtc", "mine"), now)

    assert isinstance(first, Placed)
    assert isinstance(again, Placed)
    assert (again.order.pk, again.created) == (first.order.pk, False)


@pytest.mark.parametrize("words", ["buy 10 {} limit 140.00", "buy 10 MSFT limit 140.00"])
def test_first_order_sent_again_is_the_same_though_the_seconds_symbol_has_changed(
    account: Account, ticket: Words, quote: Words, now: Any, renamed: Any, words: str
) -> None:
    board.put(quote(symbol="MSFT"))
    asked = ticket(words.format("AAPL"), "gtc", "mine", then=ticket_of("sell 10 AAPL", ""))
    first = services.place_order(account, asked, now)
    renamed()

    again = ticket(words.format("NEW"), "gtc", "mine", then=ticket_of("sell 10 NEW", ""))
    others = [replace(again, then=ticket_of(f"sell {other}", "")) for other in ("10 MSFT", "9 NEW")]

    assert isinstance(first, Placed)
    assert services.place_order(account, again, now) == Placed(first.order, created=False)
    assert all(isinstance(services.place_order(account, other, now), Refused) for other in others)


def test_order_of_another_symbol_by_the_same_id_is_refused(
    account: Account, ticket: Words, quote: Words, now: Any, renamed: Any
) -> None:
    board.put(quote(symbol="MSFT"))
    services.place_order(account, ticket("buy 5 AAPL limit 140.00", "gtc", "mine"), now)
    renamed()

    assert isinstance(services.place_order(account, ticket("buy 5 MSFT limit 140.00", "gtc", "mine"), now), Refused)


def test_lists_of_limits_and_watchlists_and_alerts_go_on(
    account: Account, held: Order, alice: Any, bob: Any, renamed: Words, desk: Client
) -> None:
    limits = RiskLimits(allowed_symbols="AAPL MSFT", barred_symbols="AAPL")
    risk.save_limits(limits, bob)
    watched = desk.post("/watchlist/symbols/", {"symbol": "AAPL"}, headers=JSON).status_code
    alert = {"kind": "price_above", "symbol": "AAPL", "threshold": "170"}
    assert (watched, desk.post("/alerts/", alert, headers=JSON).status_code) == (200, 201)

    renamed()

    limits.refresh_from_db()
    assert (limits.allowed_symbols, limits.barred_symbols) == ("MSFT NEW", "NEW")
    assert TraderAlert.objects.get().symbol == "NEW"
    assert desk.post("/alerts/", {**alert, "threshold": "180"}, headers=JSON).status_code == 201
    assert desk.post("/watchlist/symbols/", {"symbol": "AAPL"}, headers=JSON).status_code == 200
    assert b"NEW" in desk.get("/watchlist/").content


def test_fills_of_a_file_that_is_older_are_booked_to_it(account: Account, renamed: Words, now: Any) -> None:
    renamed()
    text = "time,symbol,side,quantity,price,id\n2026-03-02 10:00,AAPL,buy,5,100.00,a\n"

    assert import_fills(account, read(text, guessed(headers_of(text)), now).rows, "old.csv") == 1

    assert Position.objects.get(account=account).instrument.symbol == "NEW"
    all_holds()


def test_symbol_that_was_taken_meanwhile_is_refused_with_the_reason(
    account: Account, held: Order, now: Any, renamed: Words
) -> None:
    Instrument.objects.create(symbol="NEW", name="Another")

    renamed()

    assert CorporateAction.objects.get().refused == "NEW is, or was, the symbol of something else"
    assert Position.objects.get(account=account).instrument.symbol == "AAPL"
    assert not FormerSymbol.objects.exists()


def test_change_and_split_of_one_day_are_both_applied(account: Account, held: Order, now: Any) -> None:
    day = now.date() + timedelta(days=1)
    MarketState.objects.update(session_date=day)
    planned(day)
    planned(day, kind="split", new=2, old=1, new_symbol="")

    renamed, split = apply_due(now)

    assert (renamed.new, split.symbol, Position.objects.get(account=account).quantity) == ("NEW", "NEW", 200)
    all_holds()


@pytest.mark.parametrize(
    ("fields", "field", "words"),
    [
        ({"new_symbol": ""}, "new_symbol", "Which symbol it has from then on"),
        ({"new_symbol": "MSFT"}, "new_symbol", "MSFT is taken"),
        ({"new_symbol": "aapl"}, "new_symbol", "AAPL is taken"),
        ({"new_symbol": "OLDER"}, "new_symbol", "OLDER is taken"),
        ({"new_symbol": "PLANNED"}, "new_symbol", "PLANNED is taken"),
        ({"new_symbol": "N W"}, "new_symbol", "is not a symbol"),
        ({"new": "2"}, "new", "A symbol change has none; leave it empty"),
        ({"kind": "dividend", "amount": "1"}, "new_symbol", "A dividend has none; leave it empty"),
        ({"ex_date": "2020-01-02"}, "ex_date", "trades in the session of"),
    ],
)
def test_admin_is_told_what_cannot_be(
    account: Account, admin_client: Client, now: Any, fields: dict[str, str], field: str, words: str
) -> None:
    msft, aapl = Instrument.objects.get(symbol="MSFT"), Instrument.objects.get(symbol="AAPL").pk
    FormerSymbol.objects.create(symbol="OLDER", instrument=msft, changed_on=now.date())
    planned(now.date() + timedelta(days=9), instrument=msft, new_symbol="PLANNED")
    sent = {"instrument": str(aapl), "kind": "symbol", "ex_date": str(now.date() + timedelta(days=1))}

    answer = admin_client.post("/admin/portfolio/corporateaction/add/", {**sent, "new_symbol": "NEW", **fields})

    assert answer.status_code == 200
    assert words in " ".join(answer.context["adminform"].form.errors[field])


def test_admin_plans_it_and_reads_that_it_is_for_good(
    account: Account, held: Order, admin_client: Client, now: Any
) -> None:
    aapl, day = Instrument.objects.get(symbol="AAPL").pk, now.date() + timedelta(days=1)
    sent = {"instrument": str(aapl), "kind": "symbol", "ex_date": str(day), "new_symbol": "new"}
    path = "/admin/portfolio/corporateaction/"
    assert b"which is for good" in admin_client.get(f"{path}add/").content
    assert admin_client.post(f"{path}add/", sent).status_code == 302
    action = CorporateAction.objects.get()
    MarketState.objects.update(session_date=day)

    apply_due(now)

    assert b"Applied" in admin_client.get(path).content
    assert admin_client.post(f"{path}{action.pk}/delete/", {"post": "yes"}).status_code == 403
