"""A real server and a real browser.

Playwright lives as long as one module: its loop must be gone before another module's asyncio tests run.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, WebSocketRoute, expect, sync_playwright

from . import chromium
from .server import DeskServer

expect.set_options(timeout=40_000)
NewPage = Callable[..., Page]
StartDesk = Callable[..., DeskServer]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    report: Any = yield
    server = getattr(item, "funcargs", {}).get("desk_server")
    if report.failed and server:
        report.sections.append(("the desk's log", server.tail()))
    return report


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if not chromium.path():
        if os.environ.get("CI") == "true":
            pytest.fail("Chromium is missing, and this is CI")
        pytest.skip("Chromium is missing (Debian: apt-get install chromium)")
    with sync_playwright() as playwright:
        opened = chromium.launch(playwright)
        yield opened
        opened.close()


@pytest.fixture
def watch() -> Iterator[chromium.Watch]:
    """Fails the test whose pages complained."""
    watch = chromium.Watch()
    yield watch
    assert watch.unexpected == []


@pytest.fixture
def new_page(browser: Browser, desk_server: DeskServer, watch: chromium.Watch) -> Iterator[NewPage]:
    """Opens a page of a fresh visitor; `trader` signs in first; `options` are the browser context's."""
    contexts = []

    def open_page(trader: str = "", server: DeskServer = desk_server, **options: Any) -> Page:
        context = chromium.context_of(browser, server.url, watch, **options)
        contexts.append(context)
        page = context.new_page()
        if trader:
            chromium.sign_in(page, trader)
        return page

    yield open_page
    for context in contexts:
        context.close()


@pytest.fixture
def page(new_page: NewPage) -> Page:
    """Alice's desk."""
    return new_page("alice")


@pytest.fixture
def quiet(new_page: NewPage) -> Page:
    """Its line says nothing: quotes come from the test alone."""
    page = new_page()

    def route(socket: WebSocketRoute) -> None:
        socket.on_message(lambda words: None)

    page.route_web_socket("**/ws/**", route)
    chromium.sign_in(page, "alice")
    return page
