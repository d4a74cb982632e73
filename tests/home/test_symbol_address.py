"""A symbol in an address, as people type it and as nobody should."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from tests.market.build import instrument


@pytest.fixture
def visitor(alice: Any) -> Client:
    instrument("AAPL", "Apple Inc.")
    client = Client()
    client.force_login(alice)
    return client


def test_small_letters_lead_to_the_symbol(visitor: Client) -> None:
    assert visitor.get("/symbols/aapl/")["Location"] == "/symbols/AAPL/"
    assert visitor.get("/?symbol=aapl").context["topics"]["book"] == "book/AAPL"


@pytest.mark.parametrize("symbol", ["NONE", "A%00", "%3CB%3E"])
def test_unknown_symbol_is_404(visitor: Client, symbol: str) -> None:
    assert [visitor.get(path).status_code for path in (f"/symbols/{symbol}/", f"/?symbol={symbol}")] == [404, 404]


def test_filter_with_what_no_database_takes_finds_nothing_worse(visitor: Client) -> None:
    assert visitor.get("/?").status_code == 200

    assert visitor.get("/orders/?tab=filled&symbol=A%00&side=%00&status=%00").status_code == 200
