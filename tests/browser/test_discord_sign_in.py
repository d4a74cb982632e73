"""Signing in with Discord in a real browser: our server, a server that speaks as Discord does, and no third."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.accounts import fake_discord
from tests.accounts.fake_discord import FakeDiscord

from .chromium import Watch
from .conftest import NewPage, StartDesk
from .server import DeskServer


@pytest.fixture(scope="module")
def discord() -> Iterator[FakeDiscord]:
    with fake_discord.running() as server:
        yield server


@pytest.fixture(scope="module")
def desk_server(start_desk: StartDesk, discord: FakeDiscord) -> DeskServer:
    return start_desk(
        DISCORD_CLIENT_ID=fake_discord.CLIENT_ID,
        DISCORD_CLIENT_SECRET=fake_discord.CLIENT_SECRET,
        DISCORD_API_BASE=discord.base,
    )


def to_discord(page: Page) -> None:
    page.goto("/")
    page.get_by_role("button", name="Continue with Discord").first.click()
    expect(page).to_have_title("Discord")


def test_trader_signs_in_and_stands_at_the_desk(new_page: NewPage, discord: FakeDiscord) -> None:
    discord.profile = {**fake_discord.NELLY, "avatar": None}
    page = new_page()

    to_discord(page)
    page.get_by_role("link", name="Authorize").click()

    expect(page.get_by_role("heading", name="Desk", exact=True)).to_be_attached()
    page.goto("/settings/")
    expect(page.locator("main").get_by_text("Nelly T", exact=True)).to_be_visible()
    expect(page.get_by_role("cell", name="Chrome on Linux", exact=True).first).to_be_visible()


def test_trader_who_cancels_is_told_and_may_start_again(new_page: NewPage, discord: FakeDiscord) -> None:
    page = new_page()

    to_discord(page)
    page.get_by_role("link", name="Cancel").click()

    expect(page.get_by_role("heading", name="You cancelled at Discord")).to_be_visible()
    page.get_by_role("button", name="Continue with Discord").click()
    expect(page).to_have_title("Discord")


def test_sign_in_whose_state_is_gone_is_refused(new_page: NewPage, discord: FakeDiscord, watch: Watch) -> None:
    watch.allow(r"status of 401")
    page = new_page()

    to_discord(page)
    page.context.clear_cookies()
    page.get_by_role("link", name="Authorize").click()

    expect(page.get_by_role("heading", name="Discord sign-in did not work")).to_be_visible()
    assert page.context.cookies()  # the page's own CSRF cookie; no session came of it
    assert "sessionid" not in {cookie["name"] for cookie in page.context.cookies()}


def test_bot_is_refused(new_page: NewPage, discord: FakeDiscord, watch: Watch) -> None:
    watch.allow(r"status of 403")
    discord.profile = {**fake_discord.NELLY, "id": "99999999999999998", "bot": True}
    page = new_page()

    to_discord(page)
    page.get_by_role("link", name="Authorize").click()

    expect(page.get_by_role("heading", name="Not a person's account")).to_be_visible()


def test_same_email_under_another_id_is_somebody_else(new_page: NewPage, discord: FakeDiscord) -> None:
    discord.profile = {**fake_discord.NELLY, "avatar": None}
    nelly = new_page()
    to_discord(nelly)
    nelly.get_by_role("link", name="Authorize").click()
    discord.profile |= {"id": "99999999999999999", "global_name": "Not Nelly"}
    other = new_page()

    to_discord(other)
    other.get_by_role("link", name="Authorize").click()
    expect(other.get_by_role("heading", name="Desk", exact=True)).to_be_attached()
    other.goto("/settings/")

    expect(other.locator("main").get_by_text("Not Nelly", exact=True)).to_be_visible()
    nelly.goto("/settings/")
    expect(nelly.locator("main").get_by_text("Nelly T", exact=True)).to_be_visible()


def test_signed_out_browser_is_at_the_welcome_again(new_page: NewPage, discord: FakeDiscord) -> None:
    discord.profile = {**fake_discord.NELLY, "avatar": None}
    page = new_page()
    to_discord(page)
    page.get_by_role("link", name="Authorize").click()
    page.goto("/settings/")

    page.locator("main").get_by_role("button", name="Sign out", exact=True).last.click()

    expect(page.get_by_role("button", name="Continue with Discord")).to_be_visible()
