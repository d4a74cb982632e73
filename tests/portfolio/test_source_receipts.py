"""P&L by symbol, and where the P&L of a span came from: each figure leads to the bookings or closes that make it."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from html import unescape
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.desk.ledger import CASH, COMMISSION, DIVIDENDS, INTEREST, Line
from apps.desk.money import ZERO
from apps.market.models import Instrument, MarketState
from apps.portfolio import measure_views, services
from apps.portfolio.choices import Choice
from apps.portfolio.closed import closed_trades
from apps.portfolio.measure_receipts import MeasureReceipt
from apps.portfolio.models import Account, Journal
from apps.portfolio.performance import performance_of
from apps.portfolio.source_receipts import NO_PAST_OF_SYMBOL, SOURCES, source_receipt_of

from .conftest import TODAY
from .lived import clock, close_of, live, lived, noon, rate
from .test_measure_pages import PAGE, PAST, ROOT, made
from .test_views import text_of

__all__ = ["clock", "live", "lived", "rate"]
CELL = re.compile(r'<td class="num[^"]*">(.*?)</td>')
LINK = re.compile(r'<a class="why" href="([^"]+)" aria-label="([^"]+)">([^<]+)</a>')
MSFT = Choice("symbol", "MSFT")


@pytest.fixture
def paid(lived: Account) -> Account:
    """A dividend of AAPL, interest, and a fee that no fill had."""
    aapl = Instrument.objects.get(symbol="AAPL")
    income(lived, "dividend", DIVIDENDS, "12.50", instrument=aapl)
    income(lived, "interest", INTEREST, "-3.00")
    income(lived, "fee", COMMISSION, "-5.00")
    lived.refresh_from_db()
    return lived


def income(account: Account, kind: str, book: str, text: str, **facts: Any) -> None:
    amount = Decimal(text)
    with transaction.atomic():
        lines = Line(CASH, amount), Line(book, -amount)
        services.write(
            services.lock(account.pk), lines, Journal(ref=f"{kind}-{text}", kind=kind, at=noon(371), **facts)
        )


def receipt(
    account: Account, key: str, part: Choice | None = None, day: int | None = None, span: str = "all"
) -> MeasureReceipt:
    upto = None if day is None else close_of(account, day)
    return source_receipt_of(key, account, span, timezone.now(), upto, part)


def numbers(found: MeasureReceipt) -> list[Any]:
    return [each.value for each in found.inputs]


def tables(client: Client, span: str) -> list[str]:
    """The cells of both tables."""
    page = client.get(PAGE, {"span": span}).content.decode()
    return CELL.findall(page.partition('id="symbols-title"')[2].partition('id="weekdays-title"')[0])


def of_msft(account: Account, after: int = 0) -> Decimal:
    """What its trades came to, from flat to flat: all are closed."""
    return sum((trade.net for journal, trade in closed_trades(account.pk, "MSFT") if journal > after), ZERO)


@pytest.mark.parametrize("span", ["all", "1y"])
def test_every_figure_leads_to_a_receipt_that_shows_it(
    paid: Account, book: Callable[..., None], client: Client, span: str
) -> None:
    book(paid, "buy 4 TSLA @ 5.00 fee 2.00; sell 4 TSLA @ 6.50", at=noon(371))
    client.force_login(paid.user)

    cells = tables(client, span)

    assert len(cells) == 4 * 3 + 4
    for cell in cells:
        ((link, words, figure),) = [map(unescape, each) for each in LINK.findall(cell)]
        page = client.get(link)
        (shown,) = re.findall(r"<tfoot>.*?<td[^>]*>([^<]*)", page.content.decode().partition("rows-title")[0])
        assert (page.status_code, shown, words.startswith(figure)) == (200, figure, True), link


@pytest.mark.parametrize("span", ["all", "1y"])
def test_bookings_are_what_was_realised(lived: Account, span: str) -> None:
    after = performance_of(lived, span, timezone.now()).after
    own, whole = (receipt(lived, "symbol_realized", part, span=span) for part in (MSFT, None))

    assert own.measured.value == sum(row.net for row in own.rows) == of_msft(lived, after)
    assert {row.symbol for row in own.rows} == {"MSFT"}
    gained, fees = numbers(own)
    assert (gained, fees) == (sum(row.gained for row in own.rows), sum(row.fee for row in own.rows))
    assert own.measured.value == gained - fees
    assert (
        whole.measured.value == sum(row.net for row in whole.rows) == own.measured.value - (2 if span == "all" else 0)
    )


def test_bookings_of_the_past_are_those_until_the_close(lived: Account) -> None:
    found = receipt(lived, "symbol_realized", MSFT, day=9)

    assert found.measured.value == sum(row.net for row in found.rows) == Decimal(33 - 6)
    assert max(row.at for row in found.rows) == noon(6)  # what was opened without a fee on the ninth adds nothing
    assert receipt(lived, "symbol_realized", day=9).measured.value == Decimal(33 - 6 - 2)


def test_together_is_both_sums(lived: Account) -> None:
    own, whole = receipt(lived, "symbol_pnl", Choice("symbol", "AAPL")), receipt(lived, "symbol_pnl")

    assert numbers(own) == [-2, 900]
    assert own.measured.value == 898
    assert [(each.symbol, each.price) for each in own.prices] == [("AAPL", Decimal("11.3"))]
    assert whole.measured.value == sum(numbers(whole)) == 898 + of_msft(lived)
    assert receipt(lived, "symbol_pnl", MSFT).prices == ()


@pytest.mark.parametrize("day", [9, 23])
def test_together_of_a_close_is_what_that_close_kept(lived: Account, day: int) -> None:
    close = close_of(lived, day)

    found = receipt(lived, "symbol_pnl", day=day)

    assert found.measured.value == sum(numbers(found)) == close.realized - close.fees + close.unrealized


def test_change_of_what_is_not_realised_is_of_two_closes(lived: Account) -> None:
    now, past = receipt(lived, "unrealized_change", span="1y"), receipt(lived, "unrealized_change", day=31, span="1m")

    assert [row.session_date - TODAY for row in now.rows] == [timedelta(days=6)]
    assert [row.session_date - TODAY for row in past.rows] == [timedelta(days=31), timedelta(days=0)]
    assert past.measured.value == past.rows[0].unrealized - past.rows[1].unrealized
    assert now.measured.value == numbers(now)[0] - now.rows[0].unrealized
    assert [each.symbol for each in now.prices] == ["AAPL"]
    assert "there is no close before it" in [each.how for each in receipt(lived, "unrealized_change").inputs]


def test_what_else_came_or_went_is_what_was_booked(paid: Account) -> None:
    found = receipt(paid, "other_pnl")

    total, realized, change, booked = numbers(found)
    assert found.measured.value == booked == total - realized - change == Decimal("4.50")
    assert [(row.what, row.symbol, row.gained, row.fee, row.net) for row in found.rows] == [
        ("Fee", "", 0, 5, -5),
        ("Interest", "", -3, 0, -3),
        ("Dividend", "AAPL", Decimal("12.50"), 0, Decimal("12.50")),
    ]
    assert receipt(paid, "other_pnl", day=23).measured.value == 0


def test_what_was_realised_after_the_close_is_a_source_of_its_own(
    lived: Account, book: Callable[..., None], client: Client
) -> None:
    """The P&L of the span ends with the close, what was realised does not."""
    before = receipt(lived, "other_pnl").measured.value
    MarketState.objects.update(session_date=TODAY + timedelta(days=370))
    book(lived, "sell 100 AAPL @ 11.50 fee 1.00", at=noon(371))
    client.force_login(lived.user)

    since, rest = receipt(lived, "realized_since"), receipt(lived, "other_pnl")

    assert (since.measured.value, numbers(since)) == (-199, [200, 1])
    assert [(row.symbol, row.net) for row in since.rows] == [("AAPL", 199)]
    total, realized, change, later, booked = numbers(rest)
    assert rest.measured.value == booked == total - (realized + later) - change == before
    for name in ("symbol-realized", "win-rate"):
        assert "as of this page's loading" in text_of(client.get(f"{ROOT}{name}/"))
    assert "as of the close of the session of 7 Mar 2027" in text_of(client.get(f"{ROOT}unrealized-change/"))
    assert f'href="{ROOT}realized-since/?span=all"' in " ".join(tables(client, "all"))


def test_without_a_price_both_are_not_known_and_say_why(
    lived: Account, book: Callable[..., None], client: Client
) -> None:
    book(lived, "buy 4 TSLA @ 5.00 fee 2.00", at=noon(371))
    client.force_login(lived.user)

    text = text_of(client.get(f"{ROOT}symbol-pnl/?by=symbol&of=TSLA"))

    assert "there is no price of what is open" in text
    assert "No figure while there is no price of what is open" in text
    assert [cell for cell in tables(client, "all") if "href" not in cell] == ["—", "—"]


# Of the past


def test_a_permalink_shows_the_same_whatever_comes_later(
    lived: Account, live: Callable[..., None], book: Callable[..., None], client: Client
) -> None:
    client.force_login(lived.user)
    links = [f"{ROOT}{name}/?span=3m&at={PAST}" for name in SOURCES]
    links.append(f"{ROOT}symbol-realized/?at={PAST}&by=symbol&of=MSFT")

    before = [made(client, link) for link in links]
    live(lived, 372)
    book(lived, "buy 3 MSFT @ 20.00; sell 3 MSFT @ 30.00 fee 1.00", at=noon(2))
    income(lived, "dividend", DIVIDENDS, "12.50")
    client.force_login(lived.user)  # a day has gone by

    assert [made(client, link) for link in links] == before
    assert all("the same link shows the same figure whenever it is opened" in each for each in before)


def test_links_of_a_receipt_of_the_past_stay_in_it(lived: Account, client: Client) -> None:
    client.force_login(lived.user)
    found = receipt(lived, "other_pnl", day=23, span="3m")

    links = {each.label: each.receipt for each in found.inputs if each.receipt}

    assert len(links) == 3
    for each in found.inputs[:3]:
        page = client.get(each.receipt).content.decode()
        assert f"{each.text}" in page.partition("<tfoot>")[2].partition("</tfoot>")[0]
        assert "at=2026-03-25" in each.receipt


def test_one_symbol_together_has_no_past_and_says_why(lived: Account, client: Client) -> None:
    client.force_login(lived.user)
    link = f"{ROOT}symbol-pnl/?by=symbol&of=AAPL"

    now, past = text_of(client.get(link)), text_of(client.get(f"{link}&at={PAST}"))

    assert "No permalink: what one symbol was worth at a close is not kept" in now
    assert NO_PAST_OF_SYMBOL in past


@pytest.mark.parametrize("name", SOURCES)
def test_what_is_no_close_or_no_part_is_refused(lived: Account, client: Client, name: str) -> None:
    client.force_login(lived.user)

    paths = [
        f"{name}/?{query}" for query in ("at=yesterday", "at=2999-01-01", "by=tag&of=x", "by=age", "span=century")
    ]

    assert [client.get(ROOT + path).status_code for path in paths] == [400, 400, 404, 404, 404]


# Whose, and how much of it


def test_each_sees_their_own(paid: Account, bob_account: Account, client: Client) -> None:
    assert client.get(f"{ROOT}symbol-realized/").status_code == 302
    client.force_login(bob_account.user)

    for name in SOURCES:
        for query in ("", "?by=symbol&of=MSFT", "?by=symbol&of=%00"):
            response = client.get(f"{ROOT}{name}/{query}")
            assert response.status_code == (
                404 if query and name in ("unrealized-change", "realized-since", "other-pnl") else 200
            )
            assert len(response.context["found"].object_list) == 0 if response.status_code == 200 else True


def test_rows_are_paged_and_every_one_is_on_a_page_once(
    lived: Account, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measure_views, "ROWS", 3)
    client.force_login(lived.user)
    rows = list(receipt(lived, "symbol_realized", MSFT).rows)
    link, pages = f"{ROOT}symbol-realized/?by=symbol&of=MSFT", -(-len(rows) // 3)

    found = [client.get(f"{link}&page={number}").context["found"] for number in range(1, pages + 1)]

    assert [row for page in found for row in page] == rows
    assert len(rows) == 9


@pytest.mark.parametrize("query", ["", f"?at={PAST}"])
@pytest.mark.parametrize("name", SOURCES)
def test_no_more_queries_for_more_bookings(
    lived: Account, book: Callable[..., None], client: Client, name: str, query: str
) -> None:
    client.force_login(lived.user)
    counts = []

    for times in (1, 20):
        book(lived, "; ".join(["buy 1 MSFT @ 20.00 fee 1.00; sell 1 MSFT @ 20.50"] * times), at=noon(371))
        client.get(f"{ROOT}{name}/{query}")  # what a visit and a process read once
        with CaptureQueriesContext(connection) as queries:
            client.get(f"{ROOT}{name}/{query}")
        counts.append(len(queries))

    assert counts[0] == counts[1] < 40
