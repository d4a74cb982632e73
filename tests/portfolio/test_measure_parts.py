"""Rows of the tables of performance: each figure leads to the trades, or the sessions, that it sums."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django.utils import timezone

from apps.desk.money import ZERO
from apps.history.services import keep_note
from apps.market import services as market
from apps.market.models import Instrument
from apps.portfolio.choices import OF_SYMBOL, SESSIONS, TRADES, Choice
from apps.portfolio.closed import closed_trades
from apps.portfolio.measure import name_of
from apps.portfolio.measure_receipts import MeasureReceipt, measure_receipt_of
from apps.portfolio.models import Account

from .conftest import TODAY
from .lived import clock, close_of, live, lived, noon, rate
from .test_measure_pages import PAGE, PAST, ROOT, made
from .test_views import text_of

__all__ = ["clock", "live", "lived", "rate"]
LINK = re.compile(r'class="why" href="([^"]+by=[^"]+)" aria-label="([^"]+)">([^<]+)</a>')


@pytest.fixture
def tagged(lived: Account) -> Account:
    first, second, *_, last = (trade.opened_by for _, trade in closed_trades(lived.pk))
    keep_note(lived, first, "", ["No tag", "swing & hold"], noon(20))
    for each in (second, last):
        keep_note(lived, each, "", ["swing & hold"], noon(30))
    return lived


def receipt(account: Account, key: str, by: str, of: str, day: int | None = None) -> MeasureReceipt:
    upto = None if day is None else close_of(account, day)
    return measure_receipt_of(key, account, "all", timezone.now(), upto, Choice(by, of))


@pytest.mark.parametrize("span", ["all", "1y"])
def test_every_row_leads_to_a_receipt_of_its_figure(tagged: Account, client: Client, span: str) -> None:
    client.force_login(tagged.user)

    rows = [map(unescape, each) for each in LINK.findall(client.get(PAGE, {"span": span}).content.decode())]

    seen = set()
    for link, words, figure in rows:
        page = client.get(link)
        (shown,) = re.findall(r"<tfoot>.*?<td[^>]*>([^<]*)", page.content.decode().partition("rows-title")[0])
        assert (page.status_code, shown, words.startswith(figure)) == (200, figure, True), link
        seen.add((urlsplit(link).path, *parse_qs(urlsplit(link).query)["by"]))
    by_trades = {(f"{ROOT}{name}/", by) for name in ("win-rate", "net-pnl") for by in TRADES if by != "day"}
    by_symbol = {(f"{ROOT}{name_of(key)}/", "symbol") for key in OF_SYMBOL}
    assert seen == by_trades | by_symbol | {(f"{ROOT}pnl/", by) for by in SESSIONS}


def test_parts_are_the_rows_they_sum_and_add_up_to_the_whole(tagged: Account) -> None:
    trades = [trade for _, trade in closed_trades(tagged.pk)]
    for by in ("symbol", "day", "weekday", "direction"):
        names = {name for trade in trades for name in TRADES[by](trade)}
        parts = [receipt(tagged, "net_pnl", by, name) for name in names]
        assert sum((part.measured.value for part in parts), ZERO) == sum(trade.net for trade in trades)
        for part in parts:
            assert part.measured.value == sum(trade.net for trade in part.rows)
    sessions = receipt(tagged, "total_pnl", "weekday", "Monday").rows
    assert {row.on.weekday() for row in sessions} == {0}
    assert receipt(tagged, "total_pnl", "weekday", "Monday").measured.value == sum(row.pnl for row in sessions)


def test_tags_are_those_of_the_trader_and_none_is_no_name(tagged: Account) -> None:
    found = {of: len(receipt(tagged, "net_pnl", "tag", of).rows) for of in ("swing & hold", "No tag", "", "gap")}

    assert found == {"swing & hold": 3, "No tag": 1, "": 2, "gap": 0}
    assert receipt(tagged, "net_pnl", "tag", "gap").measured.value is None


def test_a_day_says_what_it_was_worth_before_and_after(lived: Account, client: Client) -> None:
    client.force_login(lived.user)

    found = receipt(lived, "total_pnl", "day", str(TODAY + timedelta(days=11)))

    assert [(each.label, each.value) for each in found.inputs] == [
        ("Sessions", 1),
        ("What equity rose by in them", close_of(lived, 11).equity - close_of(lived, 10).equity),
        ("Paid in less paid out", -700),
    ]
    assert found.measured.value == found.rows[0].pnl == found.inputs[1].value + 700


def test_a_permalink_shows_the_same_whatever_comes_later(
    lived: Account, live: Callable[..., None], book: Callable[..., None], client: Client
) -> None:
    client.force_login(lived.user)
    parts = ["symbol&of=MSFT", "weekday&of=Monday", "direction&of=Long"]
    links = [f"{ROOT}net-pnl/?span=3m&at={PAST}&by={part}" for part in parts]
    links.append(f"{ROOT}pnl/?at={PAST}&by=day&of={TODAY + timedelta(days=11)}")

    before = [made(client, link) for link in links]
    live(lived, 372)
    book(lived, "buy 3 MSFT @ 20.00; sell 3 MSFT @ 30.00 fee 1.00", at=noon(2))
    client.force_login(lived.user)  # a day has gone by

    assert [made(client, link) for link in links] == before
    assert all("the same link shows the same figure whenever it is opened" in each for each in before)


def test_a_former_symbol_is_the_one_it_has_now(lived: Account, client: Client) -> None:
    client.force_login(lived.user)
    market.rename(Instrument.objects.get(symbol="MSFT"), "MSOFT", TODAY)

    text = text_of(client.get(f"{ROOT}net-pnl/?by=symbol&of=MSFT"))

    assert "Net P&amp;L of closed trades of MSOFT" in text
    assert "5 closed trades it rests on" in text


def test_tags_have_no_past_and_say_why(tagged: Account, client: Client) -> None:
    client.force_login(tagged.user)
    link = f"{ROOT}net-pnl/?by=tag&of=swing+%26+hold"

    now, past = text_of(client.get(link)), text_of(client.get(f"{link}&at={PAST}"))

    assert "No permalink: tags are given and taken away at any time" in now
    assert "which of them a trade had by then is not kept" in past


@pytest.mark.parametrize("path", ["pnl/?by=symbol&of=MSFT", "sharpe-ratio/?by=day&of=2026-03-02", "net-pnl/?by=age"])
def test_what_is_no_part_is_not_there(lived: Account, client: Client, path: str) -> None:
    client.force_login(lived.user)

    assert client.get(ROOT + path).status_code == 404


def test_what_nothing_is_of_says_so(lived: Account, client: Client, bob_account: Any) -> None:
    client.force_login(lived.user)

    for query in ("by=symbol&of=TSLA", "by=weekday&of=%00", "by=symbol&of=%00", "by=tag&of=x"):
        assert "No trade closed in this span" in text_of(client.get(f"{ROOT}net-pnl/?{query}"))
    assert "No session yet" in text_of(client.get(f"{ROOT}pnl/?by=day&of=1999-01-01"))
