"""The page on a stock ASGI server, started as the runbook says: live, and true again by itself after its restart."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.live.test_uvicorn import Uvicorn, stock_server

from . import chromium, desk_page
from .conftest import NewPage
from .test_codes import LOST_LINE, REACH, expect_said, opened
from .test_line import order_elsewhere

pytestmark = pytest.mark.redis


@pytest.fixture
def stock(desk_template: Path, tmp_path: Path) -> Iterator[Uvicorn]:
    with stock_server(desk_template, tmp_path) as server:
        yield server


def test_a_page_is_live_and_takes_a_stop_for_a_restart(
    stock: Uvicorn, new_page: NewPage, watch: chromium.Watch
) -> None:
    """R-DRAIN, R-CONN: 1012, which nobody but the server sends; each toast once, and no reload."""
    watch.allow(LOST_LINE)
    page = new_page(server=stock)
    page.add_init_script(REACH)
    chromium.sign_in(page, "alice")
    desk_page.expect_live(page)
    desk_page.record_toasts(page)
    opened(page)
    order_elsewhere(page, 1)
    desk_page.expect_shown(page, 2)

    stock.terminate()
    expect_said(page, "restart")
    stock.start()
    order_elsewhere(page, 2)

    desk_page.expect_shown(page, 4)
    desk_page.expect_live(page)
    assert [kind for _, kind in desk_page.shown_toasts(page)] == ["order.accepted", "order.filled"] * 2
    assert page.evaluate("window.kept")
    expect(desk_page.position(page, "AAPL")).to_be_attached()
