"""What waits for a figure to reach a level: judged from each value to the next one, whatever batches they come in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from .levels import Levels


@dataclass(frozen=True, slots=True)
class Band:
    """Where a figure may be without anything to tell: below `up` and above `down`. To reach either is a crossing."""

    up: Decimal | None = None
    down: Decimal | None = None

    def holds(self, value: Decimal) -> bool:
        return (self.up is None or value < self.up) and (self.down is None or value > self.down)


@dataclass(frozen=True, slots=True)
class Crossing:
    """When the level was reached and at which value. `after` is the last moment before it that is known, where the
    two are so far apart that `at` alone would say more than is known."""

    at: datetime
    value: Decimal
    after: datetime | None = None


@dataclass(frozen=True, slots=True)
class Moved:
    """What a value did: which bands it left, which of those that were outside of theirs it brought back."""

    crossed: tuple[str, ...] = ()
    back: tuple[str, ...] = ()


NOTHING = Moved()


class Bands:
    """Those of one figure, by their nearest levels: a value that reaches none costs four comparisons, however many
    there are. One that is outside of its band when it is put in must come back into it before it can leave it."""

    def __init__(self) -> None:
        self.bands: dict[str, Band] = {}
        self.inside: set[str] = set()
        self.ups, self.downs = Levels[str](), Levels[str]()  # of those inside: what lets them out
        self.over, self.under = Levels[str](), Levels[str]()  # of those outside: what lets them in again

    def __len__(self) -> int:
        return len(self.bands)

    def put(self, key: str, band: Band, value: Decimal) -> None:
        """`value` is where the figure was when the band began to hold."""
        self.take(key)
        self.bands[key] = band
        if band.holds(value):
            self.inside.add(key)
        for levels, level in self.levels_of(key, band):
            levels.add(level, key)

    def take(self, key: str) -> None:
        band = self.bands.pop(key, None)
        if band is None:
            return
        for levels, level in self.levels_of(key, band):
            levels.remove(level, key)
        self.inside.discard(key)

    def levels_of(self, key: str, band: Band) -> list[tuple[Levels[str], Decimal]]:
        above, below = (self.ups, self.downs) if key in self.inside else (self.over, self.under)
        found = [(above, band.up), (below, band.down)]
        return [(levels, level) for levels, level in found if level is not None]

    def is_quiet(self, value: Decimal) -> bool:
        """Whether `see` would find nothing."""
        ups, downs, over, under = self.ups.rows, self.downs.rows, self.over.rows, self.under.rows
        return not (
            (ups and value >= ups[0][0])
            or (downs and value <= downs[-1][0])
            or (over and value < over[-1][0])
            or (under and value > under[0][0])
        )

    def see(self, value: Decimal) -> Moved:
        """Takes the figure's next value; what it crosses is told once, and is no longer here."""
        if self.is_quiet(value):
            return NOTHING
        back = [key for key in (*self.over.above(value), *self.under.below(value)) if self.bands[key].holds(value)]
        for key in back:
            self.put(key, self.bands[key], value)
        crossed = dict.fromkeys([*self.ups.at_most(value), *self.downs.at_least(value)])
        for key in crossed:
            self.take(key)
        return Moved(tuple(crossed), tuple(dict.fromkeys(back)))
