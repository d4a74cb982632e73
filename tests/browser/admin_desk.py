"""What an admin does in the Django admin, sent as its forms send it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from playwright.sync_api import Page

SWITCH, NOTICE = "/admin/live/switch/", "/admin/live/notice/"


def post(page: Page, path: str, **fields: str) -> None:
    token = next(each["value"] for each in page.context.cookies() if each["name"] == "csrftoken")
    answer = page.request.post(path, form=fields, headers={"X-CSRFToken": token}, max_redirects=0)
    assert answer.status == 302, answer.text()


def rows(page: Page, path: str) -> list[str]:
    return re.findall(rf"{path}(\d+)/change/", page.request.get(path).text())


def remove_all(page: Page, path: str) -> None:
    for row in rows(page, path):
        post(page, f"{path}{row}/delete/", post="yes")


def switch(page: Page, *, on: bool, share: int = 100) -> None:
    """Sets the switch of live updates."""
    fields = {"name": "live-ws", "share": str(share), **({"on": "on"} if on else {})}
    row = rows(page, SWITCH)
    post(page, f"{SWITCH}{row[0]}/change/" if row else f"{SWITCH}add/", **fields)


def publish(page: Page, text: str, level: str = "warning", seconds: float | None = None) -> None:
    """Publishes a notice from now on; `seconds` is how long it stays."""
    now = datetime.now(UTC) - timedelta(seconds=1)
    times = {"starts_at": now} | ({"ends_at": now + timedelta(seconds=1 + seconds)} if seconds else {})
    fields = {f"{name}_0": f"{at:%Y-%m-%d}" for name, at in times.items()}
    fields |= {f"{name}_1": f"{at:%H:%M:%S.%f}" for name, at in times.items()}
    post(page, f"{NOTICE}add/", text=text, level=level, **fields)
