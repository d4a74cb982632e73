"""R-ADMIN: the market in the Django admin."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from apps.market import queries, services
from apps.market.feeds.simulated import Simulated
from apps.market.quotes import board

from .build import bar, instrument, tick


@pytest.fixture
def office(client: Client, django_user_model: Any, db: None) -> Client:
    client.force_login(
        django_user_model.objects.create_user("root", display_name="Root", is_staff=True, is_superuser=True)
    )
    instrument()
    services.save_quotes([tick("10")])
    services.save_bars([bar("1 1 1 1")])
    services.open_session(Simulated(1))
    return client


@pytest.mark.parametrize("model", ["instrument", "lastquote", "bar", "marketstate"])
def test_admin_lists_and_refuses_to_add(office: Client, model: str) -> None:
    assert office.get(f"/admin/market/{model}/").status_code == 200
    assert office.get(f"/admin/market/{model}/add/").status_code == 403


def test_admin_edits_only_name_and_tradable(office: Client) -> None:
    row = queries.instrument("AAPL")

    answer = office.post(
        f"/admin/market/instrument/{row.pk}/change/", {"name": "Apple", "symbol": "X", "tick_size": "9"}
    )

    row.refresh_from_db()
    assert answer.status_code == 302
    assert (row.name, row.tradable, row.symbol, row.tick_size) == (
        "Apple",
        False,
        "AAPL",
        queries.instrument("AAPL").tick_size,
    )


@pytest.mark.parametrize("model", ["instrument", "lastquote", "bar", "marketstate"])
def test_admin_deletes_nothing(office: Client, model: str) -> None:
    assert office.post(f"/admin/market/{model}/1/delete/").status_code in {302, 403}
    assert queries.instrument("AAPL").last_quote.last == 10


def test_admin_allows_parts_of_a_share_and_every_process_hears_of_it(office: Client) -> None:
    """R-ORDER: fractional where the instrument allows."""
    board.clear()
    board.refresh()
    row, before = queries.instrument("AAPL"), queries.market_state().changed_at

    answer = office.post(f"/admin/market/instrument/{row.pk}/change/", {"name": "Apple", "lot_size": "0.001"})

    assert (answer.status_code, queries.instrument("AAPL").lot_size) == (302, Decimal("0.001"))
    assert queries.market_state().changed_at != before
    board.refresh()
    assert board.instruments["AAPL"].lot_size == Decimal("0.001")


@pytest.mark.parametrize("lot", ["2", "0.3", "0", "-0.001", "0.000000001"])
def test_lot_that_what_is_held_does_not_fit_is_refused(office: Client, lot: str) -> None:
    row = queries.instrument("AAPL")

    answer = office.post(f"/admin/market/instrument/{row.pk}/change/", {"name": "Apple", "lot_size": lot})

    assert (answer.status_code, "lot_size" in answer.context["adminform"].form.errors) == (200, True)
    assert queries.instrument("AAPL").lot_size == 1
