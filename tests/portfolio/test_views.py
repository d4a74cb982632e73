from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.portfolio.models import EquityPoint
from apps.portfolio.pages import PortfolioPage

PAGE, LEDGER, EQUITY = "/portfolio/", "/portfolio/ledger/", "/portfolio/equity.json"


def text_of(response):
    """What a reader sees of the page, on one line."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


@pytest.mark.parametrize("url", [PAGE, LEDGER, EQUITY])
def test_stranger_is_sent_to_sign_in(client, db, url):
    response = client.get(url)

    assert (response.status_code, response.url) == (302, f"/accounts/login/?next={url}")


@pytest.mark.parametrize("url", [PAGE, LEDGER, EQUITY])
def test_page_is_only_read(client, alice, alice_account, url):
    client.force_login(alice)

    assert client.post(url).status_code == 405


def test_portfolio_shows_every_figure(client, alice, alice_account, book, quotes):
    """R-PORT, R-NOJS: the page is true without a socket."""
    book(alice_account, "buy 100 AAPL @ 9.50 fee 1.00")
    quotes("AAPL 9.99/10.01 last 10.00")
    client.force_login(alice)

    text = text_of(client.get(PAGE))

    for words in (
        "Equity 10,049.00",
        "Day P&amp;L since the close before 2 Mar 2026 +49.00 +0.49%",
        "Unrealised P&amp;L +50.00",
        "Realised P&amp;L 0.00",
        "Fees 1.00",
        "Cash 9,049.00",
        "Buying power 9,049.00",
        "AAPL 100 9.50 10.00 1,000.00 9.95% +50.00 +5.26% +49.00",
        "Buy 100 AAPL at 9.50",
    ):
        assert words in text


def test_portfolio_shows_only_its_owners(client, alice_account, bob, bob_account, book):
    book(alice_account, "buy 100 AAPL @ 9.50")
    client.force_login(bob)

    text = text_of(client.get(PAGE))

    assert ("Equity 500.00" in text, "No positions yet" in text, "AAPL" in text) == (True, True, False)


def test_nobody_can_ask_for_anothers_topics(alice, alice_account, bob, bob_account):
    foreign = {"account": str(alice_account.pk)}

    topics = PortfolioPage().topics(bob, foreign)

    assert topics == [f"{kind}/{bob_account.pk}" for kind in ("account", "positions", "breakdown", "ledger")]


def test_who_has_no_account_is_told_what_to_do(client, charlie, alice_account):
    client.force_login(charlie)

    assert "You have no account yet" in text_of(client.get(PAGE))
    assert [client.get(url).status_code for url in (LEDGER, EQUITY)] == [404, 404]


@pytest.mark.parametrize("url", [PAGE, EQUITY])
def test_span_that_is_none_is_not_found(client, alice, alice_account, url):
    client.force_login(alice)

    assert client.get(url, {"span": "century"}).status_code == 404


def test_curve_is_drawn_from_numbers_and_shown_as_a_table(client, alice, alice_account, bob_account):
    now = datetime.now(UTC).replace(second=0, microsecond=0)
    for minute, account in ((0, alice_account), (1, alice_account), (2, bob_account)):
        at = now - timedelta(minutes=minute)
        EquityPoint.objects.create(account=account, at=at, equity=Decimal(100 + minute))
    client.force_login(alice)

    curve = client.get(EQUITY).json()
    page = client.get(PAGE)

    seconds = int(now.timestamp())
    assert curve == {"at": [seconds - 60, seconds], "equity": [101.0, 100.0]}
    assert [point.equity for point in page.context["curve"]] == [100, 101]
    assert f'data-curve-url="{EQUITY}?span=day"' in page.content.decode()


def test_curve_without_points_says_when_it_starts(client, alice, alice_account):
    client.force_login(alice)

    assert "The curve starts here" in text_of(client.get(PAGE))


def test_ledger_is_found_and_paged(client, alice, alice_account, book):
    book(alice_account, "; ".join(["buy 1 AAPL @ 9.00"] * 30))
    client.force_login(alice)

    second = text_of(client.get(LEDGER, {"page": 2}))
    found = text_of(client.get(LEDGER, {"q": "paper"}))
    nothing = text_of(client.get(LEDGER, {"q": "<script>"}))
    less_nul = text_of(client.get(LEDGER, {"q": "pap\0er"}))

    assert "31 entries, page 2 of 2" in second
    assert ("1 entry, page 1 of 1" in found, "Paper cash to start with" in found) == (True, True)
    assert "1 entry, page 1 of 1" in less_nul
    assert "No entry matches “&lt;script&gt;”" in nothing


def test_ledger_calls_its_books_as_the_figures_are_called(client, alice, alice_account, book):
    book(alice_account, "buy 10 AAPL @ 9.00; sell 10 AAPL @ 9.50")
    client.force_login(alice)

    text = text_of(client.get(LEDGER))

    assert ("Realised −5.00" in text, "Realized" in text) == (True, False)


def test_ledger_answers_htmx_with_the_results_alone(client, alice, alice_account):
    client.force_login(alice)

    html = client.get(LEDGER, {"q": "paper"}, headers={"HX-Request": "true"}).content.decode()

    assert html.lstrip().startswith('<div id="entries"')


def test_pages_that_do_not_move_say_as_of_when_they_are(client, alice, alice_account):
    """R-STALE: the ledger's answers too, which come later than their page."""
    client.force_login(alice)
    asked = ((LEDGER, {}), (LEDGER, {"HX-Request": "true"}), ("/portfolio/performance/", {}), ("/history/", {}))

    with time_machine.travel(datetime(2026, 3, 4, 12, 30, 5, tzinfo=UTC), tick=False):
        pages = [client.get(path, headers=headers) for path, headers in (*asked, ("/orders/?tab=filled&page=1", {}))]

    assert ["4 Mar 2026 12:30:05 UTC" in text_of(page) for page in pages] == [True] * 5


def test_page_takes_the_same_number_of_queries_for_one_position_and_for_three(
    client, alice, alice_account, book, quotes
):
    quotes("AAPL 9/10", "MSFT 9/10", "TSLA 9/10")
    client.force_login(alice)
    counts = []

    for text in ("buy 1 AAPL @ 9", "buy 1 MSFT @ 9; buy 1 TSLA @ 9"):
        book(alice_account, text)
        with CaptureQueriesContext(connection) as queries:
            client.get(PAGE)
        counts.append(len(queries))

    assert counts[0] == counts[1]


def test_names_of_the_pages():
    assert [reverse(f"portfolio:{name}") for name in ("portfolio", "ledger", "equity")] == [PAGE, LEDGER, EQUITY]
