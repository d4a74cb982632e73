"""Debian's Chromium under Playwright, and a listener for everything a page may complain of."""

from __future__ import annotations

import re
import shutil
from typing import Any

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Playwright

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
DESKTOP = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}
# A violation of the content security policy is told to the console, so that one listener hears all
REPORT = """addEventListener("securitypolicyviolation", (e) =>
    console.error(`CSP ${e.violatedDirective} ${e.blockedURI} ${e.sourceFile}:${e.lineNumber}`))"""


def path() -> str | None:
    return shutil.which("chromium") or shutil.which("chromium-browser")


def launch(playwright: Playwright) -> Browser:
    return playwright.chromium.launch(executable_path=path(), args=ARGUMENTS)


class Watch:
    """Hears console errors, page errors and policy violations; `allow` names those a test causes itself."""

    def __init__(self) -> None:
        self.complaints: list[str] = []
        self.allowed: list[re.Pattern[str]] = []

    def allow(self, pattern: str) -> None:
        self.allowed.append(re.compile(pattern))

    def hear(self, page: Page) -> None:
        page.on("console", self.hear_console)
        page.on("pageerror", lambda error: self.complaints.append(f"page error: {error}"))

    def hear_console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.complaints.append(f"{message.type}: {message.text} ({message.location.get('url', '')})")

    @property
    def unexpected(self) -> list[str]:
        return [line for line in self.complaints if not any(pattern.search(line) for pattern in self.allowed)]


def context_of(browser: Browser, url: str, watch: Watch, **options: Any) -> BrowserContext:
    """A fresh visitor at the server, desktop size unless told otherwise."""
    context = browser.new_context(**{"base_url": url, "viewport": DESKTOP, "locale": "en-US", **options})
    context.set_default_timeout(40_000)
    if options.get("java_script_enabled", True):
        context.add_init_script(REPORT)
    context.on("page", watch.hear)
    return context


def sign_in(page: Page, trader: str) -> None:
    """Takes the demo desk as the trader, by the buttons a person uses."""
    page.goto("/")
    page.locator(f'form[action="/accounts/demo/"] button[value="{trader}"]').click()
    page.wait_for_url("**/")
