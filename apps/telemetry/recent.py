"""The spread of what was measured in the last minutes."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence


class Recent:
    """Counts by bucket in slices of time, so that what is old falls out a slice at a time, and memory never grows.

    `bounds` are the buckets' upper ends, as in a histogram; percentiles are as true as these are close.
    """

    def __init__(self, bounds: Sequence[float], seconds: float = 300.0, slices: int = 30) -> None:
        self.bounds = tuple(bounds)
        self.slice_seconds, self.slices = seconds / slices, slices
        self.counts: dict[int, list[int]] = {}

    def observe(self, value: float, now: float) -> None:
        slice_now = int(now // self.slice_seconds)
        if slice_now not in self.counts:
            self.forget(slice_now)
            self.counts[slice_now] = [0] * (len(self.bounds) + 1)
        self.counts[slice_now][bisect_left(self.bounds, value)] += 1

    def forget(self, slice_now: int) -> None:
        for old in [one for one in self.counts if one <= slice_now - self.slices]:
            del self.counts[old]

    def present(self, now: float) -> list[int]:
        """How many there were, by bucket; the last is beyond every bound."""
        self.forget(int(now // self.slice_seconds))
        return [sum(column) for column in zip(*self.counts.values(), strict=True)] or [0] * (len(self.bounds) + 1)


def percentile(bounds: Sequence[float], counts: Sequence[int], rank: float) -> float | None:
    """By a straight line within the bucket, as Prometheus does; None of nothing, and never beyond the last bound."""
    wanted, passed = sum(counts) * rank / 100, 0
    for place, count in enumerate(counts):
        if count and passed + count >= wanted:
            if place == len(bounds):
                return bounds[-1]
            low = bounds[place - 1] if place else 0.0
            return low + (bounds[place] - low) * (wanted - passed) / count
        passed += count
    return None
