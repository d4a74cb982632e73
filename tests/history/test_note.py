"""A trader's note and tags on a closed trade: kept, shown, put right where they are wrong, and nobody else's."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from apps.history.models import TradeNote
from apps.portfolio.closed import closed_trades
from apps.portfolio.models import Account
from apps.trades.models import Fill
from tests.portfolio.test_views import text_of
from tests.trades.http import JSON, sign_in

from .exported import csv_rows

PAGE = "/history/note/"


@pytest.fixture
def first(account: Account) -> str:
    """The name of Alice's first closed trade."""
    return next(trade.opened_by for _, trade in closed_trades(account.pk))


def kept() -> list[tuple[str, str]]:
    return list(TradeNote.objects.values_list("note", "tags"))


def test_note_is_kept_and_shown(desk: Client, alice: Any, first: str) -> None:
    """R-NOJS"""
    sent = {"trade": first, "note": "Waited for\r\nthe <b>dip</b>", "tags": " Swing, earnings  week,swing,"}

    answer = desk.post(PAGE, sent, follow=True)

    assert kept() == [("Waited for\nthe <b>dip</b>", "swing,earnings week")]
    assert "Note kept: AAPL, +198.00 USD." in text_of(answer)
    assert "+1.98 swing earnings week Note" in text_of(answer)
    page = desk.get(PAGE, {"trade": first}).content.decode()
    assert "the &lt;b&gt;dip&lt;/b&gt;</textarea>" in page and 'value="swing, earnings week"' in page
    assert [row["tags"] for row in csv_rows(alice, "tab=trades")] == ["swing, earnings week", "", ""]


def test_note_takes_the_place_of_the_last_and_nothing_leaves_none(desk: Client, first: str) -> None:
    for note in ("one", "two"):
        desk.post(PAGE, {"trade": first, "note": note})
    assert kept() == [("two", "")]

    desk.post(PAGE, {"trade": first, "note": " ", "tags": " , "})

    assert kept() == []


@pytest.mark.parametrize(
    ("fields", "name", "words"),
    [
        ({"note": "x" * 2001}, "note", "Note must be text of at most 2,000 characters, not 2,001"),
        ({"tags": "a,b,c,d,e,f,g"}, "tags", "Tags must be 6 at most"),
        ({"tags": "=SUM(A1)"}, "tags", "Tags must be 6 at most"),
        ({"tags": "x" * 31}, "tags", "each of up to 30 letters"),
    ],
)
def test_wrong_note_is_refused_whole(desk: Client, first: str, fields: dict[str, str], name: str, words: str) -> None:
    sent = {"note": "kept?", "tags": "swing", **fields, "trade": first}

    page, data = desk.post(PAGE, sent), desk.post(PAGE, sent, headers=JSON)

    assert (page.status_code, data.status_code, kept()) == (422, 422, [])
    assert words in page.content.decode()
    assert words in data.json()["errors"][name][0]
    assert f">{sent['note']}</textarea>" in page.content.decode()


def test_note_on_anothers_trade_is_not_there(
    account: Account, first: str, bobs: Account, bob: Any, charlie: Any
) -> None:
    """R-AUTH"""
    for user in (bob, charlie):
        client = sign_in(user)
        assert client.get(PAGE, {"trade": first}).status_code == 404
        assert client.post(PAGE, {"trade": first, "note": "mine now"}).status_code == 404
    assert Client().get(PAGE, {"trade": first}).status_code == 302
    assert kept() == []


def test_tags_of_another_are_not_shown(desk: Client, first: str, bobs: Account, bob: Any) -> None:
    desk.post(PAGE, {"trade": first, "tags": "secret"})

    theirs = sign_in(bob)

    assert "secret" not in theirs.get("/history/").content.decode()
    assert "secret" in desk.get("/history/").content.decode()


def test_open_trade_and_a_sale_have_no_note(desk: Client, first: str) -> None:
    still_open, sale = Fill.objects.latest("pk").exec_id, Fill.objects.order_by("pk")[1].exec_id

    answers = [desk.post(PAGE, {"trade": name, "note": "x"}).status_code for name in (still_open, sale, "", "\0")]

    assert (answers, kept()) == ([404] * 4, [])
