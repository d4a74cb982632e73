"""Answers to the page's own heartbeat: they tell it that the line carries, and how far its clock is off."""

from __future__ import annotations

from django.template.loader import get_template

from .moments import now_us
from .viewer import Viewer


def draw_pong(at: int) -> str:
    """What the page said, and the server's time."""
    return get_template("live/_pong.html").render({"at": at, "ts": now_us()}).strip()


def answer(viewer: Viewer) -> None:
    """Answers the last ping; a page that is behind is still owed it, and gets it with a later sweep."""
    if viewer.asked is not None and viewer.send(draw_pong(viewer.asked).encode()):
        viewer.asked = None
