"""Performance read from the books: sessions traded, closed and funded, and the page that shows them."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from apps.desk.ledger import CASH, COMMISSION, Line
from apps.desk.performance_words import figures
from apps.market.models import MarketState
from apps.market.quotes import board
from apps.portfolio import services
from apps.portfolio.basis import begin_of
from apps.portfolio.checks import risk_free_setting
from apps.portfolio.models import Account, Journal
from apps.portfolio.performance import performance_of
from apps.portfolio.yardsticks import risk_free, sessions_a_year

from .conftest import TODAY
from .test_views import text_of

PAGE, CURVE = "/portfolio/performance/", "/portfolio/performance.json"


def evening(day: int) -> datetime:
    return datetime.combine(TODAY + timedelta(days=day), time(21), tzinfo=UTC)


@pytest.fixture
def close():
    """`close(3)` ends the session of the third day after TODAY and begins the next one."""

    def end(day: int) -> None:
        MarketState.objects.update(session_date=TODAY + timedelta(days=day))
        services.keep_session_equity(evening(day))
        MarketState.objects.update(session_date=TODAY + timedelta(days=day + 1))

    return end


@pytest.fixture
def traded(alice_account, close, book, quotes):
    """Monday +100 and a sale, Tuesday −110 and 500 paid in before it, Wednesday runs at +55."""
    Account.objects.update(opened_at=evening(0) - timedelta(hours=8))
    book(alice_account, "buy 110 AAPL @ 9.00; sell 10 AAPL @ 10.00")
    quotes("AAPL 9.89/9.91 last 9.90")
    close(0)
    services.deposit(alice_account, Decimal(500), "more", "A gift")
    quotes("AAPL 8.79/8.81 last 8.80")
    close(1)
    book(alice_account, "sell 50 AAPL @ 9.00 fee 1.00")
    quotes("AAPL 9.39/9.41 last 9.40")
    alice_account.refresh_from_db()
    return alice_account


def figure(found, key):
    return next(each for each in found.figures if each.figure is figures[key])


def test_days_and_figures_of_three_sessions(traded):
    found = performance_of(traded, "all", evening(2))

    assert [day.pnl for day in found.days] == [100, -110, 39]
    assert (found.total, found.closed, found.start) == (29, 2, TODAY)
    assert figure(found, "total_pnl").text == "+29.00"
    growth = Decimal("1.01") * (1 - Decimal(110) / 10_600) * (1 + Decimal(39) / 10_490)
    assert abs(figure(found, "time_weighted_return").value - (growth - 1)) < Decimal("1e-11")
    assert figure(found, "max_drawdown").text == "1.04%"
    assert figure(found, "max_drawdown").note == "2 Mar 2026 to 3 Mar 2026, not recovered yet; 2 days"
    assert [figure(found, key).note for key in ("best_day", "worst_day")] == ["2 Mar 2026", "3 Mar 2026"]
    assert [figure(found, key).value for key in ("cagr", "sharpe_ratio", "volatility")] == [None, None, None]


def test_parts_add_up_to_the_whole(traded):
    found = performance_of(traded, "all", evening(2))

    assert [(part.name, part.pnl, part.days) for part in found.weekdays] == [
        ("Monday", 100, 1),
        ("Tuesday", -110, 1),
        ("Wednesday", 39, 1),
    ]
    assert [(part.name, part.pnl) for part in found.sources] == [
        ("Realised, by all symbols", 9),
        ("Change of unrealised P&L", 20),
    ]
    assert sum(part.pnl for part in found.sources) == found.total
    assert sum(part.pnl for part in found.weekdays) == sum(day.pnl for day in found.days) == found.total


def test_what_is_neither_a_sale_nor_a_price_is_a_part_of_its_own(traded):
    fee = Journal(ref="data", kind="fee", at=evening(2))
    with transaction.atomic():
        services.write(services.lock(traded.pk), (Line(CASH, Decimal(-5)), Line(COMMISSION, Decimal(5))), fee)
    traded.refresh_from_db()

    found = performance_of(traded, "all", evening(2))

    assert found.total == 24
    assert [(part.name, part.pnl) for part in found.sources][1:] == [
        ("Change of unrealised P&L", 20),
        ("Dividends, interest and other", -5),
    ]


def test_old_prices_are_told(client, alice, traded, settings):
    settings.QUOTE_STALE_MS = 0
    board.refresh()
    client.force_login(alice)

    assert "4.46% of the newest equity rests on old prices" in text_of(client.get(PAGE))


def test_span_begins_at_the_last_close_before_it(traded):
    Account.objects.update(opened_at=evening(-40))
    MarketState.objects.update(session_date=date(2026, 4, 3))

    found = performance_of(traded, "1m", datetime(2026, 4, 3, 12, tzinfo=UTC))

    assert (found.start, [day.pnl for day in found.days]) == (TODAY + timedelta(days=1), [39])
    assert [(each.name, each.realized, each.unrealized) for each in found.symbols] == [("AAPL", -1, 20)]
    assert next((part.name, part.pnl) for part in found.sources) == ("Realised, by all symbols", -1)
    assert sum(part.pnl for part in found.sources) == 39


def test_session_that_has_been_closed_is_not_counted_twice(traded):
    services.keep_session_equity(evening(2))
    services.deposit(traded, Decimal(70), "night", "After the close")

    found = performance_of(traded, "all", evening(2) + timedelta(hours=2))

    assert ([day.pnl for day in found.days], found.closed) == ([100, -110, 39], 3)


@pytest.mark.parametrize(
    ("span", "today", "begin"),
    [
        ("1m", date(2026, 3, 31), date(2026, 2, 28)),
        ("3m", date(2026, 1, 15), date(2025, 10, 15)),
        ("1y", date(2028, 2, 29), date(2027, 2, 28)),
        ("ytd", date(2026, 3, 2), date(2025, 12, 31)),
        ("all", date(2026, 3, 2), None),
    ],
)
def test_spans_begin(span, today, begin):
    assert begin_of(span, today) == begin


# What it is measured against


@pytest.mark.parametrize(("text", "rate"), [("0", "0"), ("5", "0.05"), ("4.25", "0.0425")])
def test_risk_free_rate_is_per_cent_a_year(text, rate):
    assert risk_free(text) == Decimal(rate)


@pytest.mark.parametrize("text", ["", "five", "-1", "100", "NaN", "1e3"])
def test_senseless_risk_free_rate_refuses_to_start(settings, text):
    settings.RISK_FREE = text

    assert [message.id for message in risk_free_setting(None)] == ["portfolio.E001"]


def test_default_risk_free_rate_has_nothing_to_tell():
    assert risk_free_setting(None) == []


@pytest.mark.parametrize(("hours", "sessions"), [(24, 365), (6.5, 252), (None, 252)])
def test_year_has_as_many_sessions_as_the_market_gives_it(market, hours, sessions):
    state = MarketState(opens_at=evening(0), closes_at=evening(0) + timedelta(hours=hours)) if hours else MarketState()

    assert sessions_a_year(state) == sessions


# The page


@pytest.mark.parametrize("url", [PAGE, CURVE])
def test_page_is_read_by_its_owner_alone(client, alice, bob, traded, bob_account, url):
    assert client.get(url).status_code == 302
    client.force_login(alice)
    assert [client.post(url).status_code, client.get(url, {"span": "century"}).status_code] == [405, 404]
    ours = client.get(url).content
    client.force_login(bob)
    theirs = client.get(url).content

    assert (b"39" in ours, b"39.0" in theirs) == (True, False)


def test_page_shows_figures_with_the_words_of_the_code(client, alice, traded):
    """R-NOJS: every definition opens without a script."""
    client.force_login(alice)

    page = client.get(PAGE, {"span": "3m"})

    text = text_of(page)
    for words in ("P&amp;L +29.00", "Largest drawdown 1.04%", "Sharpe ratio —", "Tue 3 Mar 2026 −110.00"):
        assert words in text
    assert "No figure before twenty sessions" in text
    assert figures["time_weighted_return"].definition.split(":")[0] in text
    assert re.search(r'href="\?span=3m" aria-current="true"', page.content.decode())


def test_page_of_a_new_account_says_what_comes(client, bob, bob_account):
    client.force_login(bob)

    text = text_of(client.get(PAGE))

    for words in ("The days start here", "Nothing traded in this span", "Time-weighted return 0.00%"):
        assert words in text


def test_page_of_who_has_no_account(client, charlie, alice_account):
    client.force_login(charlie)

    assert "You have no account yet" in text_of(client.get(PAGE))
    assert client.get(CURVE).status_code == 404


def test_account_that_was_never_funded_has_no_figures(client, charlie, market):
    services.open_account(charlie, 0)
    client.force_login(charlie)

    text = text_of(client.get(PAGE))

    assert "Time-weighted return —" in text
    assert "No figure until a session has begun with money in the account" in text


def test_curves_are_drawn_from_numbers(client, alice, traded):
    client.force_login(alice)

    drawn = client.get(CURVE).json()

    noon = int(datetime.combine(TODAY, time(tzinfo=UTC)).timestamp())
    assert drawn["at"] == [noon, noon + 86_400, noon + 172_800]
    assert drawn["pnl"] == [100.0, -110.0, 39.0]
    assert drawn["below"] == [0.0, -1.0377, -0.6698]


def test_page_takes_the_same_number_of_queries_for_one_session_and_for_more(client, alice, traded, close):
    client.force_login(alice)
    counts = []

    for day in (2, 3, 4):
        close(day)
        with CaptureQueriesContext(connection) as queries:
            client.get(PAGE)
        counts.append(len(queries))

    assert len(set(counts)) == 1
