"""How far back dashboards look."""

from __future__ import annotations

from collections.abc import Container, Mapping
from datetime import timedelta

from django.http import Http404

SPANS = {
    "hour": ("1 hour", timedelta(hours=1)),
    "day": ("24 hours", timedelta(hours=24)),
    "week": ("7 days", timedelta(days=7)),
    "month": ("30 days", timedelta(days=30)),
}
LABELS = {span: label for span, (label, _) in SPANS.items()}


def span_of(params: Mapping[str, str], usual: str = "hour", spans: Container[str] = SPANS) -> str:
    """The one that was asked for. Raises Http404 for none of these."""
    span = params.get("span", usual)
    if span not in spans:
        raise Http404("No such span")
    return span
