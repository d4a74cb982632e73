"""What the books, or working orders, have no room for is named with its line, and nothing of the file is booked."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from apps.desk.quote import Quote
from apps.history.models import ImportDraft
from apps.market.models import Instrument
from apps.market.quotes import board
from apps.portfolio import terms
from apps.portfolio.models import Account, AccountKind, CorporateAction, Position
from tests.trades.http import FIELDS, JSON

from .test_import import GOOD, book, broken, rows_of_books, send

pytestmark = pytest.mark.django_db
HEAD = "time,symbol,side,quantity,price,id\n"


@pytest.fixture
def quoted(account: Account) -> None:
    """AAPL is quoted, so that orders can wait."""
    now, size = datetime.now(UTC), Decimal(1000)
    board.clear()
    board.put(Quote("AAPL", Decimal("11.99"), Decimal("12.01"), size, size, Decimal(12), now, now))


def place(desk: Client, **fields: str) -> None:
    assert desk.post("/orders/", {**FIELDS, **fields}, headers=JSON).status_code == 201


def refusal_of(desk: Client, line: str) -> str:
    """The page of a file with that line alone; booking it is refused and writes nothing."""
    before = rows_of_books()
    send(desk, HEAD + line + "\n")
    page: str = desk.get("/history/import/").content.decode()
    assert ">2</td>" in page
    assert (book(desk).status_code, rows_of_books(), broken()) == (422, before, {})
    return page


def test_shares_that_a_working_order_holds_back_are_not_sold_elsewhere(
    desk: Client, account: Account, quoted: None
) -> None:
    """Alice holds 5 and asks 13.00 for 3 of them."""
    place(desk, side="sell", quantity="3", limit_price="13.00")

    page = refusal_of(desk, "2026-04-02 15:00,AAPL,sell,3,12.00,a")

    assert "It sells 3 AAPL; 2 are free, 3 are held for working orders: cancel them first" in page
    send(desk, HEAD + "2026-04-02 15:00,AAPL,sell,2,12.00,a\n")
    assert book(desk).status_code == 302
    row = Position.objects.get(account=account, instrument__symbol="AAPL")
    assert (row.quantity, row.reserved, broken()) == (3, 3, {})


def test_nothing_opens_against_a_working_order(desk: Client, account: Account, quoted: None) -> None:
    terms.set_kind(account, AccountKind.MARGIN)
    send(desk, HEAD + "2026-04-02 15:00,AAPL,sell,5,12.00,flat\n")
    book(desk)
    place(desk, quantity="10", limit_price="11.00")

    page = refusal_of(desk, "2026-04-02 16:00,AAPL,sell,4,12.00,a")

    assert "A working buy of AAPL would open the other way; cancel it first" in page


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (
            "2026-04-02 15:00,AAPL,buy,10000000,1000.00,a",
            "It comes to 10,000,000,000.00 USD; a fill is 1,000,000,000 USD",
        ),
        (
            "2026-04-02 15:00,AAPL,buy,999999999999999,0.01,a",
            "Quantity must be at most 1,000,000,000, not 9999",
        ),
        ("2026-04-02 15:00,AAPL,sell,1,999999999999999,a", "Price must be at most 100,000,000, not 9999"),
    ],
)
def test_what_no_column_can_keep_is_named(desk: Client, account: Account, quoted: None, line: str, words: str) -> None:
    terms.set_kind(account, AccountKind.MARGIN)

    assert words in refusal_of(desk, line)


def test_shares_that_add_up_to_more_than_the_books_keep_are_named(desk: Client, account: Account) -> None:
    many = "".join(f"2026-04-02 15:00:{second:02},MSFT,buy,1000000000,0.00000001,k{second}\n" for second in range(11))
    before = rows_of_books()

    send(desk, HEAD + many)
    page = desk.get("/history/import/").content.decode()

    assert "It would make 11000000000 MSFT; 10,000,000,000 is the most" in page and ">12</td>" in page
    assert (book(desk).status_code, rows_of_books()) == (422, before)


def test_id_that_is_here_already_for_another_fill_is_named(desk: Client, account: Account) -> None:
    """Another broker's ids may be the same: a fill of its own is never taken for one that is here."""
    send(desk, GOOD)
    book(desk)

    page = refusal_of(desk, "2026-04-02 16:00,MSFT,sell,2,25.00,a")

    assert "Execution id a is here already, as buy 10 MSFT at 20" in page


def test_fill_from_before_a_split_is_of_old_shares_and_is_named(desk: Client, account: Account) -> None:
    """Booked now, it would be valued at the price of the new ones."""
    day = datetime(2026, 4, 3, 13, 30, tzinfo=UTC)
    aapl = Instrument.objects.get(symbol="AAPL")
    terms_of_it = {"kind": "split", "ex_date": day.date(), "new": 2, "old": 1}
    CorporateAction.objects.create(instrument=aapl, applied_at=day, **terms_of_it)

    page = refusal_of(desk, "2026-04-02 15:00,AAPL,buy,10,12.00,a")

    assert "AAPL was split 2 for 1 at 2026-04-03 13:30 UTC, and this fill from before is of old shares" in page
    send(desk, HEAD + "2026-04-03 13:30,AAPL,buy,20,6.00,a\n")
    assert book(desk).status_code == 302


def test_file_with_an_open_quote_is_refused_and_not_kept(desk: Client, account: Account) -> None:
    """Its end would be one field of more characters than csv reads."""
    sent: Any = send(desk, HEAD + '2026-04-02 15:00,"' + "AAPL,buy,1,12.00,a\n" * 8000)

    assert (sent.status_code, "The file is no CSV at line" in sent.content.decode()) == (422, True)
    assert not ImportDraft.objects.exists()
    assert desk.get("/history/import/").status_code == 200
