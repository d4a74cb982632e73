"""What a tab of the history is narrowed to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time


@dataclass(frozen=True, slots=True)
class Asked:
    """What is looked for; "" asks for all. The days are those of UTC, as every time on the screen, and both count.

    `side` is one of orders and fills, `kind` one of bookings; `tag` and `direction` (long or short) are of closed
    trades.
    """

    symbol: str = ""
    side: str = ""
    kind: str = ""
    tag: str = ""
    direction: str = ""
    since: date | None = None
    until: date | None = None

    @property
    def begins_at(self) -> datetime | None:
        return datetime.combine(self.since, time.min, UTC) if self.since else None

    @property
    def ends_at(self) -> datetime | None:
        """Its last microsecond."""
        return datetime.combine(self.until, time.max, UTC) if self.until else None

    def covers(self, at: datetime) -> bool:
        begin, end = self.begins_at, self.ends_at
        return (begin is None or at >= begin) and (end is None or at <= end)
