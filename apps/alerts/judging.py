"""Does a rule fire? A function of its samples alone, the same live and in rehearsal. No clock, no database."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

Part = tuple[float, float]
"""A sample's numerator and denominator: a gauge is `(value, 1)`, a rate what happened and how often it might have."""


class State(StrEnum):
    OK = "ok"
    PENDING = "pending"
    FIRING = "firing"
    NO_DATA = "no data"


@dataclass(frozen=True, slots=True)
class Terms:
    """Above `threshold` over `window` for as long as `lasting` it fires; at `clear` or below it is over.

    Between the two it stays what it is, so that a figure that trembles at the threshold rings once.
    """

    threshold: float
    clear: float
    window: timedelta
    lasting: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class Point:
    at: datetime
    part: Part | None


@dataclass(frozen=True, slots=True)
class Judged:
    """After a point: the state, and the figure over the window (None where nothing could have happened)."""

    at: datetime
    state: State
    value: float | None


@dataclass(frozen=True, slots=True)
class Episode:
    raised_at: datetime
    ended_at: datetime | None
    value: float


class Judge:
    """Takes points one after another; begins anywhere, with what is known of then."""

    def __init__(self, terms: Terms, *, firing: bool = False) -> None:
        self.terms, self.firing = terms, firing
        self.points: deque[Point] = deque()
        self.above_since: datetime | None = None

    def take(self, point: Point) -> Judged:
        """A window without a known point says nothing: what fires goes on firing, and nothing begins."""
        terms = self.terms
        self.points.append(point)
        while self.points[0].at <= point.at - terms.window:
            self.points.popleft()
        parts = [each.part for each in self.points if each.part is not None]
        if not parts:
            self.above_since = None
            return Judged(point.at, State.FIRING if self.firing else State.NO_DATA, None)
        happened, possible = sum(part[0] for part in parts), sum(part[1] for part in parts)
        value = happened / possible if possible else None  # an idle night: nothing could fail
        if value is not None and value > terms.threshold:
            self.above_since = self.above_since or point.at
            self.firing = self.firing or point.at - self.above_since >= terms.lasting
        else:
            self.above_since = None
            if value is None or value <= terms.clear:
                self.firing = False
        waiting = self.above_since is not None
        return Judged(point.at, State.FIRING if self.firing else State.PENDING if waiting else State.OK, value)


def episodes(terms: Terms, points: Iterable[Point]) -> Iterator[Episode]:
    """When the rule would have fired over these points, oldest first; the last may not have ended."""
    judge, began, worst = Judge(terms), None, 0.0
    for judged in map(judge.take, points):
        if judged.state is State.FIRING:
            began = began or judged.at
            worst = max(worst, judged.value or 0.0)
        elif began:
            yield Episode(began, judged.at, worst)
            began, worst = None, 0.0
    if began:
        yield Episode(began, None, worst)
