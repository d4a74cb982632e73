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

    def spread(self, now: float, *ranks: float) -> tuple[int, list[float | None]]:
        """How many there were, and the percentiles asked for: None of nothing, and never beyond the last bound."""
        self.forget(int(now // self.slice_seconds))
        counts = [sum(column) for column in zip(*self.counts.values(), strict=True)]
        return sum(counts), [self.percentile(counts, rank) for rank in ranks]

    def percentile(self, counts: list[int], rank: float) -> float | None:
        """By a straight line within the bucket, as Prometheus does."""
        wanted, passed = sum(counts) * rank / 100, 0
        for place, count in enumerate(counts):
            if count and passed + count >= wanted:
                if place == len(self.bounds):
                    return self.bounds[-1]
                low = self.bounds[place - 1] if place else 0.0
                return low + (self.bounds[place] - low) * (wanted - passed) / count
            passed += count
        return None
