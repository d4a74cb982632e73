"""What alerts there were, and what a rule would have done."""

from __future__ import annotations

from datetime import datetime, timedelta

from .judging import Episode, Point, Terms, episodes
from .models import Sample

REHEARSED = timedelta(days=7)


def rehearse(metric: str, terms: Terms, now: datetime) -> list[Episode]:
    """When a rule with these terms would have fired in the last week."""
    rows = Sample.objects.filter(at__gt=now - REHEARSED).order_by("at").values_list("at", f"parts__{metric}")
    points = (Point(at, (part[0], part[1]) if part else None) for at, part in rows.iterator(2000))
    return list(episodes(terms, points))
