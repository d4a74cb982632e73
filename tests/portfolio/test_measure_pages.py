"""The receipts of performance over HTTP: every figure leads to its own, now and as of the close of a session."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.market.models import MarketState
from apps.market.quotes import board
from apps.portfolio import measure_views, services
from apps.portfolio.measure_receipts import MEASURES, NO_PAST
from apps.portfolio.models import Account, SessionEquity

from .conftest import TODAY
from .lived import clock, live, lived, noon, rate, receipt
from .test_views import text_of

__all__ = ["clock", "live", "lived", "rate"]
PAGE, ROOT = "/portfolio/performance/", "/portfolio/receipts/"
PAST = f"{TODAY + timedelta(days=23):%Y-%m-%d}"


def made(client: Client, link: str) -> str:
    """All that the receipt says, but for the form, which offers the newest close."""
    page = client.get(link).content.decode().partition('id="receipt-title"')[2].partition("</main>")[0]
    return re.sub(r"<form.*?</form>", "", page, flags=re.DOTALL)


def test_a_page_shows_value_numbers_and_rows(lived: Account, client: Client) -> None:
    client.force_login(lived.user)

    for name, figure in MEASURES.items():
        found, text = receipt(figure.key, lived), unescape(text_of(client.get(f"{ROOT}{name}/")))
        assert figure.definition in text
        assert f"{figure.label} {found.measured.note}".strip() + f" {found.measured.text}" in text
        assert [each.text for each in found.inputs if each.text not in text] == []
        assert f"{len(found.rows)} {'closed trades' if found.rows_are == 'trades' else 'sessions'} it rests on" in text


def test_every_figure_of_performance_leads_to_its_receipt_of_that_span(lived: Account, client: Client) -> None:
    client.force_login(lived.user)

    page = client.get(PAGE, {"span": "1y"}).content.decode()

    links = re.findall(r'<p class="measure-line"><a class="why" href="([^"]+)"', page)
    assert sorted(links) == sorted(f"{ROOT}{name}/?span=1y" for name in MEASURES)
    assert {client.get(link).status_code for link in links} == {200}
    assert 'href="?span=1y" aria-current="true"' in client.get(links[0]).content.decode()


def test_a_permalink_shows_the_same_whatever_comes_later(
    lived: Account, live: Callable[..., None], book: Callable[..., None], client: Client, settings: Any
) -> None:
    client.force_login(lived.user)
    links = [f"{ROOT}{name}/?span=3m&at={PAST}" for name in MEASURES if name not in NO_PAST]

    before = [made(client, link) for link in links]
    live(lived, 372)
    book(lived, "buy 3 MSFT @ 20.00; sell 3 MSFT @ 30.00 fee 1.00", at=noon(2))
    settings.RISK_FREE = "0"
    MarketState.objects.update(opens_at=noon(372), closes_at=noon(373))
    client.force_login(lived.user)  # a day has gone by

    assert [made(client, link) for link in links] == before
    assert all("the same link shows the same figure whenever it is opened" in each for each in before)


@pytest.mark.parametrize("at", [PAST, f"{PAST}T21:00:00Z", f"{PAST}T21:00:00", f"{PAST}T23:30:00+02:00"])
def test_a_day_or_a_moment_is_as_of_the_newest_close_by_then(lived: Account, client: Client, at: str) -> None:
    client.force_login(lived.user)

    text = text_of(client.get(f"{ROOT}pnl/", {"at": at}))

    assert "as of the close of the session of 25 Mar 2026, 25 Mar 2026 21:00:00 UTC" in text


def test_a_closed_session_shows_what_its_permalink_shows(lived: Account, client: Client) -> None:
    client.force_login(lived.user)
    MarketState.objects.update(session_date=TODAY + timedelta(days=370))

    page = client.get(f"{ROOT}sharpe-ratio/").content.decode()
    (link,) = re.findall(r'href="([^"]+)">Permalink', page)

    assert link == f"?at={TODAY + timedelta(days=370)}"
    assert receipt("sharpe_ratio", lived).measured == receipt("sharpe_ratio", lived, day=370).measured


@pytest.mark.parametrize(
    ("at", "said"),
    [
        ("yesterday", "As of is a day or a time in UTC, as 2027-03-08 or 2027-03-08T12:00:00Z"),
        ("2026-02-30", "As of is a day or a time in UTC"),
        ("0001-01-01T00:00:00+23:00", "As of is a day or a time in UTC"),
        ("2999-01-01T00:00:00Z", "As of is not to be later than now, 2027-03-08T12:00:00Z"),
        ("2999-01-01", "The newest session that has closed is that of 2027-03-07"),
        ("2027-03-08", "The newest session that has closed is that of 2027-03-07"),
        ("2026-03-01", "Your first session on record is that of 2026-03-02, closed at 2026-03-02T21:00:00Z"),
        ("2026-03-02T20:59:59Z", "Your first session on record is that of 2026-03-02, closed at 2026-03-02T21:00:00Z"),
    ],
)
def test_what_is_no_close_says_what_would_be_one(lived: Account, client: Client, at: str, said: str) -> None:
    client.force_login(lived.user)

    for name in ("pnl", "win-rate", "benchmark-return"):
        response = client.get(f"{ROOT}{name}/", {"at": at})
        assert (response.status_code, said in text_of(response)) == (400, True)
        assert 'aria-invalid="true" aria-describedby="receipt-wrong"' in response.content.decode()


def test_what_cannot_have_a_past_says_why(lived: Account, client: Client) -> None:
    client.force_login(lived.user)

    now, past = (text_of(client.get(f"{ROOT}benchmark-return/{query}")) for query in ("", f"?at={PAST}"))

    assert ("No permalink" in now, NO_PAST["benchmark-return"] in past) == (True, True)


def test_the_past_says_why_it_has_no_prices(lived: Account, client: Client) -> None:
    client.force_login(lived.user)
    said = "of a session that has closed the desk keeps what they came to, not each of them"

    queries = {"volatility/": False, f"volatility/?at={PAST}": True, f"win-rate/?at={PAST}": False}

    assert {query: said in text_of(client.get(ROOT + query)) for query in queries} == queries


def test_a_close_that_kept_no_measure_says_so(lived: Account, client: Client) -> None:
    SessionEquity.objects.update(risk_free=None, sessions_a_year=None, stale_value=None)
    client.force_login(lived.user)

    text = text_of(client.get(f"{ROOT}sharpe-ratio/?at={PAST}"))

    assert "that close kept neither the risk-free rate nor the sessions a year" in text
    assert "How much of that close rested on old prices is not kept" in text


@pytest.mark.parametrize("day", [None, 370])
def test_old_prices_are_told_now_and_of_a_close(
    lived: Account, live: Callable[..., None], client: Client, settings: Any, day: int | None
) -> None:
    SessionEquity.objects.filter(session_date=TODAY + timedelta(days=370)).update(stale_value=1110)
    settings.QUOTE_STALE_MS = 0
    board.refresh()
    client.force_login(lived.user)

    link = f"{ROOT}volatility/" + (f"?at={TODAY + timedelta(days=day)}" if day else "")
    share = receipt("volatility", lived, day=day).basis.record.stale_share

    assert share and f"{share:.2%} of the newest equity rests on old or missing prices" in text_of(client.get(link))
    assert "old or missing prices" not in text_of(client.get(f"{ROOT}win-rate/"))


# Too little to say anything of


def test_an_account_of_one_session_says_how_many_are_needed(alice_account: Account, client: Client) -> None:
    client.force_login(alice_account.user)

    texts = {name: text_of(client.get(f"{ROOT}{name}/")) for name in MEASURES}

    assert "Returns at least 20 are needed 1 " in texts["sharpe-ratio"]
    assert "No figure before twenty sessions" in texts["sharpe-ratio"]
    assert "A permalink needs a session that has closed" in texts["sharpe-ratio"]
    assert "No trade closed in this span" in texts["win-rate"]
    assert "it never was below its best" in texts["max-drawdown"]


def test_before_the_first_close_there_is_no_past(alice_account: Account, client: Client) -> None:
    client.force_login(alice_account.user)

    response = client.get(f"{ROOT}pnl/?at=2026-03-02")

    assert (response.status_code, "before the first close there is no past" in text_of(response)) == (400, True)


def test_an_account_that_was_never_funded_has_receipts_too(charlie: Any, market: Any, client: Client) -> None:
    services.open_account(charlie, Decimal(0))
    client.force_login(charlie)

    assert {client.get(f"{ROOT}{name}/").status_code for name in MEASURES} == {200}


# Whose, and how much of it


@pytest.mark.parametrize("path", ["sharpe_ratio/", "by-tag/", "pnl/?span=century"])
def test_what_is_no_figure_or_no_span_is_not_there(lived: Account, client: Client, path: str) -> None:
    client.force_login(lived.user)

    assert client.get(ROOT + path).status_code == 404


def test_without_a_benchmark_there_is_no_receipt_of_one(lived: Account, client: Client, settings: Any) -> None:
    settings.BENCHMARK = ""
    client.force_login(lived.user)

    assert client.get(f"{ROOT}benchmark-return/").status_code == 404
    assert "Benchmark" not in text_of(client.get(f"{ROOT}pnl/"))


def test_each_sees_their_own(lived: Account, bob_account: Account, client: Client) -> None:
    assert client.get(f"{ROOT}pnl/").status_code == 302
    client.force_login(bob_account.user)

    pnl, trades = text_of(client.get(f"{ROOT}pnl/")), text_of(client.get(f"{ROOT}expectancy/"))

    assert ("1 session it rests on" in pnl, "500.00" in pnl, "MSFT" in trades) == (True, True, False)


@pytest.mark.parametrize(("name", "rows"), [("pnl", 34), ("win-rate", 5)])
def test_rows_are_paged_and_every_one_is_on_a_page_once(
    lived: Account, client: Client, monkeypatch: pytest.MonkeyPatch, name: str, rows: int
) -> None:
    monkeypatch.setattr(measure_views, "ROWS", 3)
    client.force_login(lived.user)
    pages = -(-rows // 3)

    found = [client.get(f"{ROOT}{name}/?page={number}").context["found"] for number in range(1, pages + 1)]

    assert [row for page in found for row in page] == list(receipt(MEASURES[name].key, lived).rows)
    assert 'href="?page=2"' in client.get(f"{ROOT}{name}/").content.decode()


@pytest.mark.parametrize("query", ["", f"?at={PAST}"])
@pytest.mark.parametrize("name", ["sharpe-ratio", "win-rate"])
def test_no_more_queries_for_more_sessions_and_trades(
    lived: Account, live: Callable[..., None], book: Callable[..., None], client: Client, name: str, query: str
) -> None:
    counts = []

    for day in (372, 373):
        live(lived, day)
        book(lived, "buy 1 MSFT @ 20.00; sell 1 MSFT @ 20.50", at=noon(day))
        client.force_login(lived.user)
        client.get(f"{ROOT}{name}/{query}")  # what a visit and a process read once
        with CaptureQueriesContext(connection) as queries:
            client.get(f"{ROOT}{name}/{query}")
        counts.append(len(queries))

    assert counts[0] == counts[1] < 40
