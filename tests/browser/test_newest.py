"""R-STALE: of a quote's frames that wait for their turn the newest is shown, in whatever order they come."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from . import desk_page

# Of five pushes, how many left the age blank
WATCH_AGE = """() => {
    let pushes = 0, blank = 0;
    const panel = document.querySelector(".area-positions");
    new MutationObserver((_, watch) => {
        pushes += 1;
        if (!panel.querySelector(".panel-tools .age").textContent) blank += 1;
        if (pushes < 5) return;
        watch.disconnect();
        document.documentElement.dataset.blank = blank;
    }).observe(panel, {attributes: true, subtree: true, attributeFilter: ["data-ts"]});
}"""
# A quote moves four times a second at most. The first frame is shown at once; the clock is moved on within one task,
# so that nothing else takes its turn meanwhile. Gives the age of what is shown, then and when all has settled
COME = """async ([ages, after]) => {
    const shown = document.querySelector('.quote[id="quote-AAPL"]');
    const start = Number(shown.dataset.ts);
    const come = (age) => {
        const fresh = shown.cloneNode(true);
        fresh.dataset.ts = start + age;
        livedesk.take(fresh.outerHTML);
    };
    const age = () => Number(document.getElementById(shown.id).dataset.ts) - start;
    const now = performance.now.bind(performance);
    come(1);
    ages.slice(0, -1).forEach(come);
    performance.now = () => now() + after;
    come(ages.at(-1));
    const soon = age();
    performance.now = now;
    while (age() < Math.max(...ages)) await new Promise(requestAnimationFrame);
    return [soon, age()];
}"""


@pytest.mark.parametrize(
    ("ages", "after", "shown"),
    [
        ([2, 3], 0, [1, 3]),
        ([3, 2], 0, [1, 3]),  # an older one takes no newer one's place
        ([3, 2], 300, [3, 3]),  # nor does it go first when its turn has come
    ],
)
def test_an_older_frame_of_a_quote_does_not_replace_a_newer_one_that_waits(
    quiet: Page, ages: list[int], after: int, shown: list[int]
) -> None:
    assert quiet.evaluate(COME, [ages, after]) == shown


def test_age_of_the_positions_stands_while_they_move(page: Page) -> None:
    desk_page.expect_live(page)
    desk_page.send(page, "buy", "1", "AAPL")
    expect(desk_page.position(page, "AAPL")).to_be_visible()
    page.evaluate(WATCH_AGE)

    expect(page.locator("html[data-blank]")).to_have_attribute("data-blank", "0")
