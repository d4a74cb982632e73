"""Hours in which nobody is rung up, by the clock on the wall where they are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From `start` until `end`, over midnight where `end` is the earlier of the two."""

    start: time
    end: time
    zone: ZoneInfo

    def hold(self, moment: datetime) -> bool:
        clock = moment.astimezone(self.zone).time()
        if self.start <= self.end:
            return self.start <= clock < self.end
        return clock >= self.start or clock < self.end

    def after(self, moment: datetime) -> datetime:
        """The moment itself outside of them; within them their end."""
        if not self.hold(moment):
            return moment
        local = moment.astimezone(self.zone)
        day = local.date() if local.time() < self.end else local.date() + DAY
        # Of an hour that the clocks go through twice the same one: its end is never before the moment
        return max(moment, datetime.combine(day, self.end, self.zone).replace(fold=local.fold).astimezone(UTC))


def rings(first: datetime, gaps: Iterable[timedelta], quiet: QuietHours | None) -> list[datetime]:
    """The moments at which somebody is told, and told again: `gaps` after one another, none in quiet hours."""
    found: list[datetime] = []
    moment = first
    for gap in (timedelta(), *gaps):
        moment = moment + gap
        moment = quiet.after(moment) if quiet else moment
        found.append(moment)
    return found
