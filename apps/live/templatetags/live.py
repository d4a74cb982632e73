"""`{% fragment "positions/7" %}`: the fragment as the live page drew it."""

from __future__ import annotations

from typing import Any

from django import template
from django.conf import settings
from django.db import DatabaseError
from django.template import Context
from django.utils.html import json_script
from django.utils.safestring import SafeString

from apps.live.codes import page_codes
from apps.live.fragments import template_named
from apps.live.notices import board_for_visitors
from apps.live.topics import NOTICE

register = template.Library()


@register.simple_tag(takes_context=True)
def fragment(context: Context, topic: str) -> str:
    """The drawn HTML of a topic. Raises KeyError for a topic that the page does not watch."""
    drawn: str = context["live"][topic]
    return drawn


@register.simple_tag
def hot(template_name: str, **context: Any) -> SafeString:
    """A part of a live fragment, as it is drawn there, on a page that shows the same of other rows."""
    return SafeString(template_named(template_name).render(context))


@register.simple_tag(takes_context=True)
def notices(context: Context) -> str:
    """What everybody is told now: as the live page drew it, else as of a moment ago."""
    try:
        return fragment(context, NOTICE) if context.get("live") else board_for_visitors()
    except DatabaseError:
        return ""


@register.simple_tag(takes_context=True)
def release_news(context: Context) -> str:
    """The news of this release, where a live page shows them."""
    html: str = (context.get("live") or {}).get(f"release/{context['user'].pk}", "")
    return html


@register.simple_tag
def ws_codes() -> SafeString:
    """The table of close codes for the page's script."""
    return json_script(page_codes(), "ws-codes")


@register.simple_tag
def stale_ms() -> int:
    """After how long a quote is stale (ms)."""
    limit: int = settings.QUOTE_STALE_MS
    return limit
