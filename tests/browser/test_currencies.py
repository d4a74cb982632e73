"""A share in euros, as a trader sees it: the ticket and the chart say what their prices are in."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from . import desk_page
from .conftest import StartDesk
from .server import DeskServer

UNITS = "#ticket [data-unit]"


@pytest.fixture(scope="module")
def desk_server(start_desk: StartDesk) -> DeskServer:
    return start_desk(SIM_FX="on")


def test_the_ticket_says_euros_of_a_share_in_euros_as_it_is_typed(page: Page) -> None:
    desk_page.expect_live(page)
    symbol, limit = page.locator('#ticket [name="symbol"]'), page.locator('#ticket label[for="ticket-limit"]')
    symbol.fill("AAPL")
    expect(limit).to_contain_text("Limit price, USD")

    symbol.fill("SAP.DE")
    expect(limit).to_contain_text("Limit price, EUR")
    assert set(page.locator(UNITS).all_text_contents()) == {"EUR"}
    expect(page.locator("#ticket-estimate")).to_contain_text("Prices are in EUR")

    symbol.fill("AAPL")
    expect(limit).to_contain_text("Limit price, USD")


def test_the_chart_and_its_table_say_euros(page: Page) -> None:
    page.goto("/symbols/SAP.DE/")
    expect(page.locator("#chart-title")).to_contain_text("SAP SE EUR")

    expect(page.locator('#chart[data-ready="true"]')).to_have_count(1)
    page.get_by_text("View data", exact=True).click()
    heads = page.locator("#chart-data th")
    expect(heads).to_have_text(["Minute, UTC", "Open, EUR", "High, EUR", "Low, EUR", "Close, EUR", "Volume"])
