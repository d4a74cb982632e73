"""The server's clock as a page sees it: from answers to its own heartbeat, whatever its machine's clock says."""

from __future__ import annotations

import time

import pytest
from playwright.sync_api import Page

# How far the server's clock is ahead of the page's (ms); the page may be held up between two looks at a clock
AHEAD = """(() => {
    for (;;) {
        const before = performance.now(), ahead = livedesk.time.now() - before;
        if (performance.now() - before < 0.3) return ahead;
    }
})()"""

# The page's line says nothing, so that only the test tells it the time. This is an answer: how long it took (ms), and
# how far the server's clock is ahead of the page's (ms)
SWING = f"""([took, ahead]) => {{
    const heard = performance.now();
    livedesk.time.answered(heard - took, (heard - took / 2 + ahead) * 1000);
    return {AHEAD};
}}"""


def test_before_any_answer_it_is_no_later_than_the_servers(quiet: Page) -> None:
    seen = quiet.evaluate("livedesk.time.now()")

    assert quiet.evaluate("livedesk.time.known()") is False
    assert time.time() * 1000 - 30_000 < seen <= time.time() * 1000


def test_the_shortest_way_decides(quiet: Page) -> None:
    """A way is longer there or back, so an answer that took long may be off by half of it."""
    ahead = [quiet.evaluate(SWING, answer) for answer in ([400, 5150], [20, 5003], [900, 4700], [60, 5020])]

    assert ahead == [pytest.approx(each, abs=1) for each in (5150, 5003, 5003, 5003)]


def test_a_short_way_of_long_ago_does_not_decide_for_ever(quiet: Page) -> None:
    ahead = [quiet.evaluate(SWING, answer) for answer in [[2, 5000], *[[40, 5010]] * 8]]

    assert ahead == [pytest.approx(5000, abs=1)] * 8 + [pytest.approx(5010, abs=1)]


def test_a_clock_that_was_changed_is_noticed_by_the_first_answer(quiet: Page) -> None:
    ahead = [quiet.evaluate(SWING, answer) for answer in ([2, 5000], [30, 65_000], [30, -3_000_000])]

    assert ahead == [pytest.approx(each, abs=1) for each in (5000, 65_000, -3_000_000)]


def test_after_sleep_it_goes_on_and_waits_for_an_answer(quiet: Page) -> None:
    quiet.evaluate(SWING, [2, 5000])
    ahead, known = quiet.evaluate(f"livedesk.time.slept(60000); [{AHEAD}, livedesk.time.known()]")

    assert (ahead, known) == (pytest.approx(65_000, abs=1), False)
