"""The watchlist by mouse and by keyboard, in two tabs."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from .chromium import Watch
from .conftest import NewPage


def order(page: Page) -> list[str]:
    return page.eval_on_selector_all(".watch-row", "rows => rows.map(row => row.dataset.symbol)")


def rows(page: Page, *symbols: str) -> None:
    """The page comes to show exactly these, in this order."""
    expect(page.locator(".watch-row b:first-child").locator("visible=true")).not_to_have_count(0)
    page.wait_for_function(
        "want => [...document.querySelectorAll('.watch-row')].map(r => r.dataset.symbol).join() === want",
        arg=",".join(symbols),
    )


def test_watchlist_is_kept_by_mouse_and_keyboard_and_tabs_agree(new_page: NewPage) -> None:
    """R-WATCH, R-TABS: add, move, drag, remove and undo; the other tab shows the same without a reload."""
    page = new_page("alice")
    page.goto("/watchlist/")
    expect(page.locator("html.settled")).to_be_attached()
    other = page.context.new_page()
    other.goto("/watchlist/")
    first, second, third, *rest = order(page)

    page.get_by_role("button", name=f"Move {second} up").press("Enter")
    rows(page, second, first, third, *rest)
    rows(other, second, first, third, *rest)

    page.locator(f'[data-symbol="{third}"] .watch-grip').drag_to(page.locator(f'[data-symbol="{second}"] .watch-grip'))
    page.wait_for_function("first => document.querySelector('.watch-row').dataset.symbol === first", arg=third)
    rows(other, *order(page))

    before = order(page)
    page.get_by_role("button", name=f"Remove {first}").click()
    rows(other, *[symbol for symbol in before if symbol != first])
    page.get_by_role("button", name="Undo").click()
    rows(page, *before)
    rows(other, *before)


def test_symbol_is_added_by_type_ahead(new_page: NewPage) -> None:
    page = new_page("bob")
    page.goto("/watchlist/")
    watched = order(page)

    field = page.get_by_label("Add a symbol")
    field.fill("JPM")
    expect(page.get_by_role("option").first).to_contain_text("JPM")
    field.press("Enter")
    field.press("Enter")

    rows(page, *watched, "JPM")
    expect(field).to_have_value("")
    expect(page.locator("#quote-JPM")).to_be_visible()


def test_unknown_symbol_is_refused_beside_the_field(new_page: NewPage, watch: Watch) -> None:
    watch.allow(r"status of 422")
    page = new_page("bob")
    page.goto("/watchlist/")

    page.get_by_label("Add a symbol").fill("NOPE99")
    page.get_by_role("button", name="Add", exact=True).click()

    expect(page.locator("#watch-add-error")).to_contain_text("NOPE99 is not a symbol")


def test_watchlist_works_without_javascript(new_page: NewPage) -> None:
    """R-NOJS"""
    page = new_page("bob", java_script_enabled=False)
    page.goto("/watchlist/")
    first, second, *_ = order(page)

    page.get_by_role("button", name=f"Move {second} up").click()
    assert order(page)[:2] == [second, first]
    page.get_by_role("button", name=f"Remove {second}").click()
    assert second not in order(page)
    page.get_by_role("button", name="Undo").click()

    assert order(page)[:2] == [second, first]
