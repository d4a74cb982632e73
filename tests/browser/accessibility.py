"""axe-core on a page as it stands."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

LIVE = '#conn[data-state="live"]'


def violations(page: Page) -> list[str]:
    """One line a violation: rule, and the elements it is about."""
    found = Axe().run(page).response["violations"]
    return [f"{each['id']}: {[' '.join(node['target']) for node in each['nodes']]}" for each in found]
