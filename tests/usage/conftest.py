"""Users who are counted, a moment, and nothing counted before the test."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine

from apps.usage import keeping
from apps.usage.counting import tray
from apps.usage.models import Count

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)  # a Wednesday
TODAY = NOW.date()
WENT = {"accept": "text/html,*/*;q=0.8"}


@pytest.fixture(autouse=True)
def _empty_tray() -> Iterator[None]:
    tray.take()
    yield
    tray.take()


@pytest.fixture
def now() -> Iterator[Any]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


def counted() -> dict[tuple[str, str], int]:
    """By kind and name, over all days, once all that was counted is written; releases apart."""
    keeping.write()
    found: dict[tuple[str, str], int] = {}
    for kind, name, number in Count.objects.exclude(kind="release").values_list("kind", "name", "number"):
        found[kind, name] = found.get((kind, name), 0) + number
    return found
