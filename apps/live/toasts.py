"""How events become toasts and lines under Activity: one template a family of kinds."""

from __future__ import annotations

from typing import Any

from django.template.loader import get_template
from django.utils.safestring import SafeString

from .models import Event
from .moments import micros, now_us

_templates: dict[str, str] = {}


def toast_template(family: str, template: str) -> None:
    """Events whose kind starts with `family.` are drawn with this template; it gets `event` and `facts`."""
    _templates[family] = template


def line_of(event: Event) -> SafeString:
    """The event in one line of HTML, as its family draws it. Raises KeyError for a family without a template."""
    template = _templates[event.kind.partition(".")[0]]
    return SafeString(get_template(template).render({"event": event, "facts": event.facts}).strip())


def draw_toast(event: Event) -> str:
    """The toast that is pushed to pages."""
    context: dict[str, Any] = {
        "event": event,
        "facts": event.facts,
        "line": line_of(event),
        "ts": micros(event.at),
        "tone": event.facts.get("tone", "info"),
    }
    return get_template("live/_toast.html").render(context).strip()


def draw_beat(seq: int) -> str:
    """The heartbeat: the server's time and the number of the stream's last event."""
    return get_template("live/_beat.html").render({"ts": now_us(), "seq": seq}).strip()
