from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from apps.live.fragments import render_fragment
from apps.market.models import Instrument, MarketState
from apps.market.queries import MarketStatus
from apps.market.quotes import board
from apps.portfolio.ledger import equity_curve, ledger_page, thinned
from apps.portfolio.models import EquityPoint
from apps.portfolio.queries import account_of, load_holdings, portfolio_value


def view_of(account):
    return portfolio_value(load_holdings(account.pk, lots=True), board)


def test_account_is_that_of_its_user(alice, alice_account, bob_account, charlie):
    assert (account_of(alice), account_of(charlie)) == (alice_account, None)


def test_value_of_an_account_with_positions(alice_account, book, quotes):
    """R-PORT"""
    book(alice_account, "buy 100 AAPL @ 9.50 fee 1.00; buy 50 MSFT @ 20.00 fee 1.00; sell 40 AAPL @ 10.00 fee 1.00")
    quotes("AAPL 9.99/10.01 last 10.00", "MSFT 18.00/19.00 last 30.00")

    view = view_of(alice_account)

    assert (view.cash, view.market_value, view.equity) == (Decimal(8447), Decimal(1525), Decimal(9972))
    assert (view.realized, view.unrealized, view.fees) == (Decimal(20), Decimal(-45), Decimal(3))
    assert (view.total_pnl, view.stale_value) == (Decimal(-28), 0)
    # AAPL 60 x 10 - 951 + 399, MSFT 50 x 18.50 - 1001
    assert view.day_pnl == Decimal(48) + Decimal(-76)
    assert view.day_pnl_pct == view.day_pnl / Decimal(10_000)
    aapl, msft = view.positions
    assert (aapl.held.quantity, aapl.held.avg_px, aapl.last, aapl.market_value) == (60, Decimal("9.5"), 10, 600)
    assert (aapl.unrealized, aapl.unrealized_pct) == (30, Decimal(30) / Decimal(570))
    assert (msft.last, msft.market_value, msft.weight) == (Decimal("18.5"), 925, Decimal(925) / Decimal(9972))
    assert [(lot.qty, lot.price) for lot in aapl.held.lots] == [(60, Decimal("9.5"))]


def test_day_pnl_of_what_was_held_over_counts_from_the_previous_close(alice_account, book, quotes):
    MarketState.objects.update(session_date=date(2026, 2, 27))
    book(alice_account, "buy 100 AAPL @ 5.00 fee 1.00")
    MarketState.objects.update(session_date=date(2026, 3, 2))
    quotes("AAPL 9.99/10.01 last 10.00")

    assert view_of(alice_account).day_pnl == 100


def test_day_pnl_needs_the_close_before_this_session(alice_account, book, quotes):
    Instrument.objects.update(session_date=date(2026, 2, 27))
    MarketState.objects.update(session_date=date(2026, 2, 27))
    book(alice_account, "buy 100 AAPL @ 5.00")
    MarketState.objects.update(session_date=date(2026, 3, 2))
    quotes("AAPL 9.99/10.01")

    view = view_of(alice_account)

    assert (view.day_pnl, view.day_pnl_pct, view.positions[0].day_pnl) == (None, None, None)


def test_position_without_a_price_counts_at_cost_and_as_old(alice_account, book):
    """R-STALE"""
    book(alice_account, "buy 10 TSLA @ 100.00")

    view = view_of(alice_account)

    assert (view.equity, view.stale_value, view.stale_share) == (10_000, 1000, Decimal("0.1"))
    (tsla,) = view.positions
    assert (tsla.last, tsla.market_value, tsla.unrealized, tsla.weight, tsla.stale) == (None, None, None, None, True)
    assert (view.day_pnl, view.total_pnl) == (None, None)


def test_old_quote_is_stale_only_while_the_market_is_open(alice_account, book, quotes):
    """R-STALE: market closed is not stale."""
    book(alice_account, "buy 10 AAPL @ 9.00")
    quotes("AAPL 9.99/10.01 last 10.00", at=datetime.now(UTC) - timedelta(minutes=5))
    found = []

    for is_open in (True, False):
        board.status = MarketStatus(is_open=is_open)
        found.append((view_of(alice_account).stale_value, view_of(alice_account).positions[0].stale))

    assert found == [(100, True), (0, False)]


def test_valuation_is_kept_until_a_quote_comes_or_is_old(alice_account, book, quotes):
    """R-STALE: never a figure of former marks, nor one that hides its age."""
    book(alice_account, "buy 10 AAPL @ 9.00")
    at = datetime.now(UTC)
    quotes("AAPL 9.99/10.01 last 10.00", at=at)
    board.status = MarketStatus(is_open=True)
    held = load_holdings(alice_account.pk)

    first, same = (portfolio_value(held, board, at + timedelta(seconds=second)) for second in (0, 1))
    aged = portfolio_value(held, board, at + timedelta(minutes=1))
    board.status = MarketStatus(is_open=False)
    closed = portfolio_value(held, board, at + timedelta(minutes=1))
    quotes("AAPL 10.99/11.01 last 11.00", at=at + timedelta(seconds=1))
    moved = portfolio_value(held, board, at + timedelta(seconds=1))

    assert same is first
    assert [each.stale_value for each in (first, aged, closed, moved)] == [0, 100, 0, 0]
    assert (first.market_value, moved.market_value, moved.ts - first.ts) == (100, 110, 1_000_000)
    assert moved == portfolio_value(load_holdings(alice_account.pk), board, at + timedelta(seconds=1))


def test_buying_power_is_cash_less_what_is_held_back(alice_account):
    alice_account.reserved = Decimal("1234.50")
    alice_account.save()

    view = view_of(alice_account)

    assert (view.buying_power, view.reserved) == (Decimal("8765.50"), Decimal("1234.50"))


def test_sold_out_symbol_needs_no_price(alice_account, book):
    book(alice_account, "buy 10 AAPL @ 9.00; sell 10 AAPL @ 10.00")

    view = view_of(alice_account)

    (aapl,) = view.positions
    assert (view.day_pnl, view.total_pnl, view.stale_value) == (10, 10, 0)
    assert (aapl.last, aapl.market_value, aapl.unrealized, aapl.day_pnl, aapl.stale) == (None, 0, 0, 10, False)


def test_sold_out_symbol_keeps_its_realised_pnl_and_leaves_the_positions(alice_account, book, quotes):
    book(alice_account, "buy 10 AAPL @ 9.00; sell 10 AAPL @ 10.00")
    quotes("AAPL 19.99/20.01")

    view = view_of(alice_account)

    assert (view.open_positions, view.realized, view.unrealized, view.day_pnl) == ((), 10, 0, 10)


@pytest.mark.parametrize(
    "text", ["buy 1 AAPL @ 9.00", "buy 1 AAPL @ 9; buy 1 MSFT @ 9; buy 1 TSLA @ 9; sell 1 TSLA @ 9"]
)
@pytest.mark.parametrize(
    ("kind", "queries"),
    [("account", 5), ("positions", 5), ("breakdown", 5), ("ledger", 6), ("position", 6)],
)
def test_fragment_reads_in_a_constant_number_of_queries(
    alice_account, book, quotes, django_assert_num_queries, text, kind, queries
):
    book(alice_account, text)
    quotes("AAPL 9/10", "MSFT 9/10")
    key = f"{alice_account.pk}:AAPL" if kind == "position" else alice_account.pk

    with django_assert_num_queries(queries):
        render_fragment(f"{kind}/{key}")


def test_ledger_shows_each_booking_with_the_cash_after_it(alice_account, book):
    book(alice_account, "buy 100 AAPL @ 9.50 fee 1.00; sell 100 AAPL @ 10.00 fee 1.00")

    page = ledger_page(alice_account.pk)

    assert [(row.what, row.cash, row.balance) for row in page.rows] == [
        ("Sell 100 AAPL at 10.00", 999, 10_048),
        ("Buy 100 AAPL at 9.50", -951, 9049),
        ("Paper cash to start with", 10_000, 10_000),
    ]


def test_ledger_is_paged_with_the_right_balance_on_every_page(alice_account, book):
    book(alice_account, "; ".join(["buy 1 AAPL @ 9.00"] * 6))

    pages = [ledger_page(alice_account.pk, number=number, size=3) for number in (1, 2, 3, 99, "x")]

    assert [(page.number, page.pages, page.total) for page in pages] == [
        (1, 3, 7),
        (2, 3, 7),
        (3, 3, 7),
        (3, 3, 7),
        (1, 3, 7),
    ]
    assert [row.balance for page in pages[:3] for row in page.rows] == [
        9946,
        9955,
        9964,
        9973,
        9982,
        9991,
        10_000,
    ]


@pytest.mark.parametrize(
    ("text", "count"), [("aapl", 2), ("MSFT", 1), ("deposit", 1), ("paper", 1), ("exec-3", 1), ("%", 0), ("", 4)]
)
def test_ledger_is_searched_by_symbol_kind_memo_and_reference(alice_account, book, text, count):
    book(alice_account, "buy 1 AAPL @ 9.00; sell 1 AAPL @ 9.00; buy 1 MSFT @ 9.00")

    page = ledger_page(alice_account.pk, text=text)

    assert (page.total, all(row.balance is None for row in page.rows)) == (count, bool(text))


def test_curve_is_thinner_the_longer_it_is_and_ends_with_the_newest_point(alice_account):
    now = datetime(2026, 3, 2, 12, 7, tzinfo=UTC)
    EquityPoint.objects.bulk_create(
        EquityPoint(account=alice_account, at=now - timedelta(minutes=minute), equity=Decimal(minute))
        for minute in range(0, 2 * 24 * 60)
    )

    lengths = {span: len(equity_curve(alice_account.pk, span, now)) for span in ("day", "week", "month", "all")}

    assert lengths == {"day": 1441, "week": 193, "month": 49, "all": 49}
    assert equity_curve(alice_account.pk, "all", now)[-1].at == now


def test_curve_of_a_new_account_is_empty(alice_account):
    assert equity_curve(alice_account.pk, "day", datetime.now(UTC)) == []


@pytest.mark.parametrize(("length", "rows"), [(0, 0), (1, 1), (48, 48), (49, 25), (1000, 48)])
def test_table_holds_the_newest_point_first_and_no_more_rows_than_asked(length, rows):
    found = thinned(list(range(length)), 48)

    assert (len(found), found[:1]) == (rows, [length - 1] if length else [])
