"""What the canary's line is shown: the number of the last canary, drawn and sent like anything that a page shows."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from apps.live.fragments import Fragment
from apps.live.models import Stream
from apps.live.moments import EPOCH, micros

from .models import STREAM


class Beat(Fragment):
    """On no page: only the canary's own socket names the topic."""

    kind = "canary"
    template = "canary/_beat.html"

    def load(self, key: str) -> tuple[int, datetime]:
        return Stream.objects.filter(name=STREAM).values_list("seq", "at").first() or (0, EPOCH)

    def context(self, key: str, facts: tuple[int, datetime]) -> dict[str, Any]:
        return {"beat": facts[0], "ts": micros(facts[1])}
