"""From the POST of an order to its toast and its position in a real browser, on the embedded default."""

from __future__ import annotations

import statistics
import sys
import uuid

from playwright.sync_api import Page

from tests.browser import chromium
from tests.browser.desk_page import expect_live

from .desk import open_browser, percentile, running_desk, verdict

ORDERS = 60
SYMBOLS = ("AAPL", "MSFT", "NVDA", "KO", "AMZN", "TSLA")
LIMIT_MS = 150
# Sends what the ticket sends and waits for what a person sees; times are the browser's own
MEASURE = """async ({symbol, id}) => {
    const positions = document.querySelector(".area-positions");
    const held = () => [...positions.querySelectorAll("tbody tr")]
        .find((row) => row.innerText.trim().startsWith(symbol))?.querySelector("td.num")?.innerText ?? "";
    const before = held();
    const seen = {};
    const body = new URLSearchParams({symbol, side: "buy", order_type: "market", quantity: "1",
        limit_price: "", stop_price: "", time_in_force: "day", client_order_id: id});
    const token = document.cookie.match(/csrftoken=([^;]+)/)[1];
    const begun = performance.now();
    const done = new Promise((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error(`${symbol}: ${JSON.stringify(seen)}`)), 10000);
        const look = () => {
            const toasts = [...document.querySelectorAll("#toasts .toast")].filter((toast) => !old.has(toast));
            if (toasts.length) seen.toast ??= performance.now() - begun;
            const filled = toasts.some((toast) => toast.dataset.kind === "order.filled");
            if (filled) seen.filled ??= performance.now() - begun;
            if (held() !== before) seen.position ??= performance.now() - begun;
            if (seen.filled && seen.position) { clearTimeout(timer); watch.disconnect(); resolve(); }
        };
        const old = new Set(document.querySelectorAll("#toasts .toast"));
        const watch = new MutationObserver(look);
        watch.observe(document.body, {childList: true, subtree: true, characterData: true});
    });
    const headers = {"X-CSRFToken": token, Accept: "application/json"};
    const answer = await fetch("/orders/", {method: "POST", body, headers});
    if (answer.status !== 201) throw new Error(await answer.text());
    seen.answer = performance.now() - begun;
    await done;
    return seen;
}"""


def measure(page: Page, number: int) -> dict[str, float]:
    symbol = SYMBOLS[number % len(SYMBOLS)]
    return page.evaluate(MEASURE, {"symbol": symbol, "id": str(uuid.uuid4())})


def main() -> None:
    with running_desk() as server, open_browser() as browser:
        page = chromium.context_of(browser, server.url, chromium.Watch()).new_page()
        chromium.sign_in(page, "alice")
        expect_live(page)
        seen = [measure(page, number) for number in range(ORDERS)]
    for name in ("answer", "toast", "filled", "position"):
        times = [each[name] for each in seen]
        print(f"POST to {name}: P50 {statistics.median(times):.0f} ms, P95 {percentile(times, 95):.0f} ms")
    slower = [max(each["filled"], each["position"]) for each in seen]
    sys.exit(not verdict(f"POST to toast and position, P50 of {ORDERS}", statistics.median(slower), LIMIT_MS, "ms"))


if __name__ == "__main__":
    main()
