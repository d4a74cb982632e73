"""What accounts were worth when a session ended: written once, and it adds up."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from apps.market.models import MarketState
from apps.market.quotes import board
from apps.portfolio import services
from apps.portfolio.models import Journal, SessionEquity

from .conftest import TODAY

CLOSE = datetime(2026, 3, 3, tzinfo=UTC)


def next_session(day: date) -> None:
    MarketState.objects.update(session_date=day)


def closes(account):
    return list(SessionEquity.objects.filter(account=account))


def adds_up(account) -> bool:
    paid = Decimal(0)
    for row in closes(account):
        paid += row.flow
        if row.equity != paid + row.realized - row.fees + row.unrealized:
            return False
    return True


def test_close_is_written_once_for_every_account(alice_account, bob_account, book, quotes):
    book(alice_account, "buy 100 AAPL @ 9.50 fee 1.00; sell 40 AAPL @ 10.00 fee 1.00")
    quotes("AAPL 9.99/10.01 last 10.00")

    assert services.keep_session_equity(CLOSE) == 2
    quotes("AAPL 12/13")
    assert services.keep_session_equity(CLOSE + timedelta(seconds=1)) == 0

    (row,) = closes(alice_account)
    assert (row.session_date, row.at, row.last_journal) == (TODAY, CLOSE, Journal.objects.get(ref="exec-2"))
    assert (row.equity, row.flow) == (10_048, 10_000)
    assert (row.realized, row.fees, row.unrealized) == (20, 2, 30)
    assert [row.equity for row in closes(bob_account)] == [500]
    assert adds_up(alice_account)


def test_flow_counts_to_the_session_it_came_in(alice_account, book, quotes):
    quotes("AAPL 9.99/10.01 last 10.00")
    services.keep_session_equity(CLOSE)

    services.deposit(alice_account, Decimal(500), "late", "After the close")
    next_session(TODAY + timedelta(days=1))
    book(alice_account, "buy 100 AAPL @ 9.00 fee 1.00")
    services.deposit(alice_account, Decimal(250), "later", "In the session")
    services.keep_session_equity(CLOSE + timedelta(days=1))

    assert [row.flow for row in closes(alice_account)] == [10_000, 750]
    assert [row.equity for row in closes(alice_account)] == [10_000, 10_849]
    assert adds_up(alice_account)


def test_account_is_valued_before_money_comes_in(alice_account, book, quotes):
    book(alice_account, "buy 100 AAPL @ 9.00")
    quotes("AAPL 9.99/10.01 last 10.00")

    services.deposit(alice_account, Decimal(500), "more", "A gift")

    valued = Journal.objects.order_by("id").values_list("kind", "equity_before")
    assert list(valued) == [("deposit", 0), ("buy", None), ("deposit", 10_100)]


def test_close_keeps_what_it_is_measured_by_and_what_rests_on_old_prices(alice_account, book, quotes, settings):
    settings.RISK_FREE, settings.QUOTE_STALE_MS = "4.123456789", 0
    MarketState.objects.update(opens_at=CLOSE - timedelta(days=1), closes_at=CLOSE)
    book(alice_account, "buy 100 AAPL @ 9.50")
    quotes("AAPL 9.99/10.01 last 10.00", at=CLOSE - timedelta(minutes=1))
    board.refresh()

    services.keep_session_equity(CLOSE)

    (row,) = closes(alice_account)
    assert (row.risk_free, row.sessions_a_year, row.stale_value) == (Decimal("0.04123456789"), 365, 1000)


def test_no_close_without_a_session(alice_account):
    MarketState.objects.all().delete()

    assert services.keep_session_equity(CLOSE) == 0


def test_close_goes_on_where_it_was_broken_off(alice_account, bob_account, monkeypatch):
    """The desk is killed between two batches; the next one books the rest, and the first stands."""
    monkeypatch.setattr(services, "ACCOUNTS_AT_ONCE", 1)
    book_batch = services.close_accounts

    def killed(account_ids, session, now, measure):
        if bob_account.pk in account_ids:
            raise KeyboardInterrupt
        return book_batch(account_ids, session, now, measure)

    monkeypatch.setattr(services, "close_accounts", killed)
    with pytest.raises(KeyboardInterrupt):
        services.keep_session_equity(CLOSE)
    monkeypatch.setattr(services, "close_accounts", book_batch)

    assert services.keep_session_equity(CLOSE + timedelta(hours=1)) == 1
    assert [closes(account)[0].at for account in (alice_account, bob_account)] == [CLOSE, CLOSE + timedelta(hours=1)]


@pytest.mark.parametrize("accounts", [1, 3])
def test_closing_takes_the_same_queries_for_one_account_and_for_three(
    accounts, market, django_user_model, django_assert_num_queries
):
    for number in range(accounts):
        services.open_account(django_user_model.objects.create_user(f"trader{number}"), Decimal(100))

    with django_assert_num_queries(14):
        services.keep_session_equity(CLOSE)
