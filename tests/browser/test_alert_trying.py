"""The test button of the alerts page, in a real browser, with a receiver on this machine."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import expect

from apps.traderalerts.trying import SAMPLE, SECONDS
from tests.alerts.conftest import Receiver, receiver

from .chromium import Watch
from .conftest import NewPage, StartDesk
from .server import DeskServer

__all__ = ["receiver"]


@pytest.fixture(scope="module")
def desk_server(start_desk: StartDesk) -> DeskServer:
    return start_desk(ALERTS_ALLOW_PRIVATE="on")


def test_outcome_of_a_test_is_said_in_place_and_without_javascript(
    new_page: NewPage, receiver: Receiver, watch: Watch
) -> None:
    """R-NOJS"""
    watch.allow(r"status of 422")
    watch.allow(r"status of 429")
    page, plain = new_page("alice"), new_page("bob", java_script_enabled=False)
    page.goto("/alerts/")
    page.get_by_label("Besides the page").select_option(label="Discord webhook")
    page.get_by_label("Discord webhook", exact=True).fill(f"{receiver.url}/api/webhooks/1/x")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Saved: how alerts reach you.")).to_be_visible()
    page.get_by_label("Note").fill("typed, and not lost")

    page.get_by_role("button", name="Send a test").click()
    expect(page.locator("#reach-tried")).to_contain_text("Sent: Discord webhook.")
    page.get_by_role("button", name="Send a test").click()
    expect(page.locator("#reach-tried")).to_contain_text(f"One test in {SECONDS} seconds is enough.")
    plain.goto("/alerts/")
    plain.get_by_role("button", name="Send a test").click()

    expect(plain.locator("#reach-tried")).to_contain_text("Alerts are told on the page only")
    expect(page.get_by_label("Note")).to_have_value("typed, and not lost")
    assert [json.loads(body)["content"] for _, _, body in receiver.heard] == [SAMPLE]
