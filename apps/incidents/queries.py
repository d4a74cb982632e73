"""What the status page says, and how long it took to mend things."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Avg, F, Prefetch

from apps.alerts.clocks import of_this_clock
from apps.alerts.models import Sample
from apps.live.models import Notice

from .models import COMPONENTS, Day, Incident, Update
from .states import is_up

DAYS = 90
SILENT = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Bar:
    """A day: the share of the looks that were due which found it up; None where nobody has begun to look."""

    on: date
    up: float | None

    @property
    def tone(self) -> str:
        if self.up is None:
            return "none"
        return "good" if self.up >= 0.999 else "fair" if self.up >= 0.95 else "bad"

    @property
    def words(self) -> str:
        return f"{self.on:%-d %b %Y}: " + ("nobody looked" if self.up is None else f"{100 * self.up:.2f} % up")


@dataclass(frozen=True, slots=True)
class Component:
    name: str
    title: str
    state: str
    bars: tuple[Bar, ...]
    up: float | None
    known_days: int

    @property
    def share(self) -> str:
        return "" if self.up is None else f"{100 * self.up:.2f} %"


def latest_look(now: datetime) -> Sample | None:
    """None where nobody has looked for so long that nothing is known of now."""
    return of_this_clock(now).filter(at__gt=now - SILENT).first()


def components(now: datetime) -> list[Component]:
    first = now.date() - timedelta(days=DAYS - 1)
    rows = {(row.component, row.on): row for row in Day.objects.filter(on__gte=first)}
    look = latest_look(now)
    found = []
    for name, title in COMPONENTS.items():
        days = [rows.get((name, first + timedelta(days=number))) for number in range(DAYS)]
        bars = tuple(bar_of(first + timedelta(days=number), day) for number, day in enumerate(days))
        up, down = sum(day.up for day in days if day), sum(day.down for day in days if day)
        share = up / (up + down) if up + down else None
        found.append(Component(name, title, state_of(name, look), bars, share, sum(day is not None for day in days)))
    return found


def bar_of(on: date, day: Day | None) -> Bar:
    looks = day.up + day.down if day else 0
    return Bar(on, day.up / looks if day and looks else None)


def state_of(name: str, look: Sample | None) -> str:
    up = None if look is None else is_up(look.raw)[name]
    return "unknown" if up is None else "up" if up else "down"


def shown_incidents(most: int = 30) -> list[Incident]:
    """The public ones, newest first, with what was said of them."""
    said = Prefetch("updates", Update.objects.filter(public=True), to_attr="said")
    return list(Incident.objects.filter(public=True).prefetch_related(said)[:most])


def announced(now: datetime) -> list[Notice]:
    """Notices whose time is to come, such as maintenance."""
    return list(Notice.objects.filter(starts_at__gt=now))


def mean_time_to_resolve(since: datetime) -> timedelta | None:
    """MTTR: from opening to end, of the incidents that ended since; None of none."""
    ended = Incident.objects.filter(resolved_at__gte=since)
    mean: timedelta | None = ended.aggregate(mean=Avg(F("resolved_at") - F("opened_at")))["mean"]
    return mean
