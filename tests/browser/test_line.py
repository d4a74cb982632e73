"""What a page does when its line breaks: nothing is lost, nothing is shown twice, no reload."""

from __future__ import annotations

from playwright.sync_api import Page, WebSocketRoute, expect

from . import chromium, desk_page
from .conftest import NewPage
from .server import DeskServer

LOST_LINE = (
    r"WebSocket|\[object Event\]|ERR_CONNECTION_(REFUSED|RESET)|ERR_EMPTY_RESPONSE"
    "|ERR_INTERNET_DISCONNECTED|ERR_NETWORK_CHANGED"
)


def order_elsewhere(page: Page, quantity: int, symbol: str = "AAPL") -> None:
    """The same trader orders from another device."""
    token = next(each["value"] for each in page.context.cookies() if each["name"] == "csrftoken")
    fields = {"symbol": symbol, "side": "buy", "order_type": "market", "quantity": str(quantity)}
    headers = {"X-CSRFToken": token, "Accept": "application/json"}
    answer = page.request.post("/orders/", form={**fields, "time_in_force": "day"}, headers=headers)
    assert answer.status == 201


def keep(page: Page) -> None:
    """Leaves a mark that a reload would wipe."""
    page.evaluate("window.kept = true")
    desk_page.record_toasts(page)


def test_a_killed_server_comes_back_and_the_page_with_it(
    page: Page, desk_server: DeskServer, watch: chromium.Watch
) -> None:
    """R-CONN, R-TOAST: kill -9, start, and the page is true again by itself."""
    watch.allow(LOST_LINE)
    desk_page.expect_live(page)
    held = desk_page.quantity_held(page, "AAPL")
    keep(page)
    order_elsewhere(page, 1)
    expect(desk_page.toast(page, "order.filled")).to_have_count(1)

    desk_server.kill()
    expect(page.locator('#conn[data-state="live"]')).to_have_count(0)
    desk_server.start()
    order_elsewhere(page, 2)

    desk_page.expect_live(page)
    desk_page.expect_quantity(page, "AAPL", held + 3)
    kinds = [kind for _, kind in desk_page.shown_toasts(page)]
    assert kinds == ["order.accepted", "order.filled"] * 2
    assert page.evaluate("window.kept")
    cash = desk_page.figure(page, "Cash").inner_text()
    page.reload()
    expect(desk_page.figure(page, "Cash")).to_have_text(cash)


def test_what_happens_while_offline_is_told_once(page: Page, watch: chromium.Watch) -> None:
    """R-TOAST: each event once, in order, over a lost line; few enough to be told one by one."""
    watch.allow(LOST_LINE)
    other = page.context.browser.new_context(base_url=page.url) if page.context.browser else page.context
    phone = other.new_page()
    chromium.sign_in(phone, "alice")
    desk_page.expect_live(page)
    keep(page)

    page.context.set_offline(True)
    expect(page.locator('#conn[data-state="live"]')).to_have_count(0)
    for quantity in (1, 2):
        order_elsewhere(phone, quantity, "MSFT")
    expect(desk_page.position(phone, "MSFT")).to_be_visible()
    page.context.set_offline(False)

    desk_page.expect_live(page)
    desk_page.expect_shown(page, 4)
    numbers = [seq for seq, _ in desk_page.shown_toasts(page)]
    assert numbers == sorted(set(numbers))
    kinds = [kind for _, kind in desk_page.shown_toasts(page)]
    assert sorted(kinds) == ["order.accepted"] * 2 + ["order.filled"] * 2  # the second may come before the first fill
    assert page.evaluate("window.kept")
    other.close()


def test_without_a_socket_the_page_polls_and_goes_back_to_live(new_page: NewPage, watch: chromium.Watch) -> None:
    """R-POLL: the same fragments by polling; live again when it can."""
    watch.allow(LOST_LINE)
    page = new_page()
    open_line = False

    def route(socket: WebSocketRoute) -> None:
        if open_line:
            socket.connect_to_server()
        else:
            socket.close(code=1011)

    page.route_web_socket("**/ws/**", route)
    chromium.sign_in(page, "bob")
    expect(page.locator('#conn[data-state="polling"]')).to_have_count(1)
    held = desk_page.quantity_held(page, "AAPL")
    keep(page)

    desk_page.send(page, "buy", "4", "AAPL")

    expect(desk_page.toast(page, "order.filled")).to_contain_text("Buy 4 AAPL")
    desk_page.expect_quantity(page, "AAPL", held + 4)
    open_line = True
    desk_page.expect_live(page)
    assert page.evaluate("window.kept")
    assert [kind for _, kind in desk_page.shown_toasts(page)] == ["order.accepted", "order.filled"]
