"""Who is connected to this process, as an operator sees it, and how a socket is closed by hand."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from heapq import nlargest
from typing import Any, Self

from . import bus
from .guard import DISMISSED
from .running import present_hub
from .viewer import Viewer

MOST = 500


@dataclass(frozen=True, slots=True)
class Line:
    """One open socket. Its `seat` names it, and says since when and in which process; `late_ms` is what its page said
    last of how late it shows something, None until it has."""

    seat: str
    user_id: int
    page: str
    network: str
    late_ms: int | None

    @property
    def since(self) -> datetime:
        return datetime.fromtimestamp(int(self.seat.partition(":")[0]) / 1000, UTC)

    @property
    def process(self) -> str:
        """The first letters of its name: enough to tell some apart."""
        return self.seat.split(":")[1][:8]

    def packed(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def unpacked(cls, told: dict[str, Any]) -> Self:
        """Raises TypeError or ValueError for what another release told."""
        line = cls(**told)
        _ = line.since, line.process
        return line


def open_lines(most: int = MOST) -> tuple[list[Line], int]:
    """The newest sockets of this process, and how many it has in all. From any thread."""
    hub = present_hub()
    viewers = tuple(hub.viewers) if hub else ()  # at once: the loop goes on meanwhile
    seated = [viewer for viewer in viewers if viewer.seat]
    return [line_of(viewer) for viewer in nlargest(most, seated, key=lambda one: one.seat)], len(seated)


def line_of(viewer: Viewer) -> Line:
    late = None if viewer.late_ms is None else round(viewer.late_ms)
    return Line(viewer.seat, viewer.user_id, viewer.page, viewer.network, late)


def dismiss(seats: Iterable[str] = (), user_ids: Iterable[int] = ()) -> None:
    """Has whichever process holds these sockets, or sockets of these users, close them."""
    bus.publish(DISMISSED, {"seats": list(seats), "users": list(user_ids)})
