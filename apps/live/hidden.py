"""Pages that nobody looks at: events reach them at once, states now and then, and all of it when they are shown."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from .viewer import Viewer

if TYPE_CHECKING:
    from .hub import Hub

STATE_SECONDS = 5.0


class Hidden:
    """They stand apart, so that a flush does not so much as look at them; a sweep sends what has become due."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self.seconds = STATE_SECONDS
        self.sent: dict[Viewer, float] = {}

    def hide(self, viewer: Viewer) -> None:
        if viewer in self.hub.viewers:
            self.sent.setdefault(viewer, time.monotonic())

    def show(self, viewer: Viewer) -> None:
        """What it was not sent is due now."""
        if self.sent.pop(viewer, None) is not None:
            self.hub.behind.add(viewer)
            self.hub.hurry()

    def leave(self, viewer: Viewer) -> None:
        self.sent.pop(viewer, None)

    def sweep(self) -> None:
        now = time.monotonic()
        for viewer, sent in self.sent.items():
            if viewer.due and now - sent >= self.seconds and viewer.send_due():
                self.sent[viewer] = now
