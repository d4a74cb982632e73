"""Fills of another broker: looked at, then booked whole or not at all, and once."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.desk.order import Side
from apps.history.models import ImportDraft
from apps.market.models import Instrument
from apps.portfolio import services as portfolio
from apps.portfolio.models import Account, Journal, Position
from apps.trades.elsewhere import Elsewhere
from apps.trades.importing import import_fills
from apps.trades.invariants import INVARIANTS
from apps.trades.models import Fill, Order

from .exported import answer_of, body

pytestmark = pytest.mark.django_db
GOOD = (
    "time,symbol,side,quantity,price,commission,id\n"
    "2026-04-02 15:00:00,MSFT,sell,4,25.00,0.50,b\n"
    "2026-04-02 14:30:00,MSFT,buy,10,20.00,1.00,a\n"
)


def send(desk: Client, text: str | bytes) -> Any:
    content = text.encode() if isinstance(text, str) else text
    return desk.post("/history/import/", {"do": "send", "file": SimpleUploadedFile("fills.csv", content)})


def book(desk: Client) -> Any:
    return desk.post("/history/import/", {"do": "book"})


def broken() -> dict[str, tuple[str, ...]]:
    """But for the stop that `trade` gives an order for its risk alone, without placing it."""
    found = [invariant.look() for invariant in INVARIANTS if invariant.name != "brackets-are-whole"]
    return {each.name: each.ids for each in found if each.wrong}


def rows_of_books() -> tuple[int, int, int]:
    return Order.objects.count(), Fill.objects.count(), Journal.objects.count()


def test_file_is_looked_at_and_then_booked_with_its_times(desk: Client, account: Account) -> None:
    before = rows_of_books()

    assert send(desk, GOOD).status_code == 302
    page = desk.get("/history/import/").content.decode()
    assert rows_of_books() == before
    assert "New fills</dt><dd>2" in page and "Book 2 fills" in page
    assert book(desk).url == "/history/"

    assert rows_of_books() == tuple(count + 2 for count in before)
    held = Position.objects.get(account=account, instrument__symbol="MSFT")
    assert (held.quantity, held.cost) == (6, Decimal("120.00"))
    account.refresh_from_db()
    fills = Fill.objects.filter(policy="imported").order_by("at")
    assert [(fill.at, fill.order.effect, fill.bid) for fill in fills] == [
        (datetime(2026, 4, 2, 14, 30, tzinfo=UTC), "open", None),
        (datetime(2026, 4, 2, 15, tzinfo=UTC), "close", None),
    ]
    assert broken() == {}
    assert not ImportDraft.objects.exists()
    assert "2 fills imported." in desk.get("/history/?tab=fills").content.decode()
    page = desk.get(f"/orders/{fills[0].order_id}/").content.decode()
    assert ("another broker, imported" in page, "ms old" in page) == (True, False)


def test_same_file_again_books_nothing_more(desk: Client, account: Account) -> None:
    for _ in range(2):
        send(desk, GOOD)
        book(desk)
    counted = rows_of_books()

    send(desk, GOOD + "2026-04-03 10:00:00,MSFT,sell,1,30.00,,c\n")
    page = desk.get("/history/import/").content.decode()
    book(desk)

    assert "New fills</dt><dd>1" in page and "Here already</dt><dd>2" in page
    assert rows_of_books() == tuple(count + 1 for count in counted)
    assert broken() == {}


def test_desks_own_file_of_fills_is_here_already(desk: Client, account: Account, alice: Any) -> None:
    """The newest of them, too, which no order of times keeps out."""
    counted = rows_of_books()

    send(desk, answer_of(alice, "/history/export.csv?tab=fills", body))
    page = desk.get("/history/import/").content.decode()

    assert "New fills</dt><dd>0" in page and f"Here already</dt><dd>{counted[1]}" in page
    assert (book(desk).status_code, rows_of_books()) == (302, counted)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("2026-04-02 14:30:00,NOPE,buy,1,20.00,,x", "Symbol NOPE is not known here"),
        ("2026-04-02 16:30:00,MSFT,buy,0.5,20.00,,x", "Quantity must be a multiple of 1 for MSFT"),
        ("2026-04-02 16:30:00,MSFT,sell,7,20.00,,x", "It sells 7 MSFT; 6 held"),
        ("2026-04-02 16:30:00,MSFT,buy,1000,20.00,,x", "It costs 20,000.00 USD,"),
        ("2020-01-01 10:00:00,AAPL,buy,1,10.00,,x", "Time is before your newest fill of AAPL, 2026-03-04 15:00:"),
        ("2026-04-02 14:30:00,MSFT,buy,1,oops,,x", "Price must be a number"),
    ],
)
def test_one_bad_line_keeps_all_of_them_out_and_is_named(
    desk: Client, account: Account, line: str, words: str
) -> None:
    before = rows_of_books()
    send(desk, GOOD + line + "\n")

    page, booked = desk.get("/history/import/").content.decode(), book(desk)

    assert words in page and ">4</td>" in page
    assert (booked.status_code, "Nothing was booked: 1 thing to mend" in booked.content.decode()) == (422, True)
    assert rows_of_books() == before
    assert ImportDraft.objects.exists()


def test_columns_of_other_names_are_chosen(desk: Client, account: Account) -> None:
    send(desk, "when,what,how many,paid\n2026-04-02 14:30,MSFT,3,20.00\n")
    asked = desk.get("/history/import/").content.decode()
    chosen = {"column-time": "when", "column-symbol": "what", "column-quantity": "how many", "column-price": "paid"}

    desk.post("/history/import/", {"do": "map", **chosen})
    book(desk)

    assert "Choose the column of Time, Symbol, Quantity, Price" in asked
    assert Position.objects.get(account=account, instrument__symbol="MSFT").quantity == 3


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "Choose a file, or paste its lines"),
        (b"\xff\xfe\x00", "must be text in UTF-8"),
        (b"PK\x00\x01,,,\n", "The file is no text"),
        (b"one line\n", "The first line must name the columns"),
    ],
)
def test_file_that_is_none_is_refused_in_words(desk: Client, account: Account, content: bytes, words: str) -> None:
    sent = send(desk, content) if content else desk.post("/history/import/", {"do": "send"})

    assert (sent.status_code, words in sent.content.decode()) == (422, True)
    assert not ImportDraft.objects.exists()


def test_lines_that_cannot_be_read_stay_to_be_mended(desk: Client, account: Account) -> None:
    refused = desk.post("/history/import/", {"do": "send", "text": "one <line>"})

    assert refused.status_code == 422
    assert ">one &lt;line&gt;</textarea>" in refused.content.decode()


def test_file_beyond_the_limit_is_413(desk: Client, account: Account) -> None:
    sent = send(desk, b"x" * (1024 * 1024 + 1))

    assert (sent.status_code, "1024 kB at most" in sent.content.decode()) == (413, True)


def test_lines_that_are_too_long_to_be_pasted_are_led_to_the_file(desk: Client, account: Account) -> None:
    sent = desk.post("/history/import/", {"do": "send", "text": "x" * 65_000 + "\n" * 1_000})

    words = "What is typed or pasted may hold 64 kB at most. Send what is longer as a file."
    assert (sent.status_code, words in sent.content.decode()) == (413, True)


def test_nothing_to_book_says_so_and_anothers_file_is_not_there(desk: Client, account: Account, bobs: Account) -> None:
    ImportDraft.objects.create(account=bobs, name="bob's", text=GOOD, at=account.opened_at)

    booked = book(desk)

    assert (booked.status_code, "There is no file to import" in booked.content.decode()) == (422, True)
    assert "bob&#x27;s" not in desk.get("/history/import/").content.decode()
    assert desk.post("/history/import/", {"do": "drop"}).status_code == 302
    assert ImportDraft.objects.filter(account=bobs).exists()


def test_many_fills_take_few_statements_and_books_as_one_by_one(bobs: Account, alice: Any, market: Any) -> None:
    """What 400 fills come to is what `book_fill` makes of them one at a time."""
    other = portfolio.open_account(alice, Decimal(500))
    rows = [
        Elsewhere(
            line,
            f"k{line}",
            datetime(2026, 4, 2, 10, line // 60, line % 60, tzinfo=UTC),
            "AAPL",
            Side.SELL if line % 3 == 2 else Side.BUY,
            Decimal(1),
            Decimal("1.01"),
            Decimal("0.01"),
        )
        for line in range(400)
    ]
    with CaptureQueriesContext(connection) as asked:
        assert import_fills(bobs, rows, "a file") == 400
    for number in range(0, 400, 40):
        import_fills(other, rows[number : number + 40], "a part")

    def books(account: Account) -> list[Any]:
        row = Position.objects.get(account=account, instrument=Instrument.objects.get(symbol="AAPL"))
        lots = list(row.lots.values_list("quantity", "cost", "price", "opened_at"))
        return [row.quantity, row.cost, row.realized_pnl, row.commission, lots]

    assert books(bobs) == books(other)
    assert len(asked) < 200
    assert broken() == {}
