"""How the desk is used, drawn: sums of a span, who came back, and what a release changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils import timezone

from apps.live.fragments import register
from apps.live.moments import micros
from apps.monitoring.pages import SpanDashboard

from . import queries


@dataclass(frozen=True, slots=True)
class Told:
    """As of a moment: each process writes what it has counted every few seconds."""

    at: datetime
    use: queries.Use
    cohorts: list[queries.Cohort]
    around: queries.Release | None


class Engagement(SpanDashboard):
    """`engagement/week`"""

    kind = "engagement"
    template = "usage/_engagement.html"
    usual = "week"
    every = 30.0

    def load(self, key: str) -> Told:
        now = timezone.now()
        today = now.date()
        return Told(now, queries.use(key, now), queries.cohorts(today), queries.around_release(today))

    def context(self, key: str, facts: Told) -> dict[str, Any]:
        return {
            "at": facts.at,
            "ts": micros(facts.at),
            "use": facts.use,
            "cohorts": facts.cohorts,
            "around": facts.around,
            "by_day": key in queries.BY_DAY,
            "kept_days": settings.USE_KEPT_DAYS,
            "longest": range(queries.COHORT_WEEKS),
        }


register(Engagement())
