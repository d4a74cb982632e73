"""A file of the history, as who asked for it reads it."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from io import StringIO
from typing import Any

from asgiref.sync import async_to_sync
from django.test import AsyncClient

TABS = {"trades": 3, "lots": 1, "orders": 7, "fills": 7, "ledger": 23}
"""And how many rows of each are Alice's."""


@async_to_sync
async def answer_of(user: Any, url: str, read: Callable[[Any], Any]) -> Any:
    """What `read` makes of the answer, as an ASGI server gets it."""
    client = AsyncClient()
    await client.aforce_login(user)
    return await read(await client.get(url, headers={"accept-encoding": "gzip"}))


async def body(answer: Any) -> str:
    assert answer.status_code == 200
    return b"".join([part async for part in answer]).decode()


def csv_rows(user: Any, query: str, path: str = "/history/export.csv") -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(answer_of(user, f"{path}?{query}", body), newline="")))


def json_rows(user: Any, query: str) -> list[dict[str, Any]]:
    rows = json.loads(answer_of(user, f"/history/export.json?{query}", body))
    assert isinstance(rows, list)
    return rows
