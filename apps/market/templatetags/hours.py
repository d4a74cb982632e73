"""What the exchange of an instrument is doing, in a trader's own zone."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from django import template
from django.utils import timezone

from apps.market.hours import in_words
from apps.market.quotes import board

register = template.Library()


@register.simple_tag
def hours_of(symbol: str, zone: str) -> str:
    """Open until when, or closed until when; empty for what trades around the clock."""
    calendar = board.hours.get(symbol.strip().upper())
    return in_words(calendar, timezone.now(), ZoneInfo(zone)) if calendar else ""
