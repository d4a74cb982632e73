"""Percentiles of the last minutes, against those of the numbers themselves."""

from __future__ import annotations

import random

import pytest

from apps.telemetry.recent import Recent, percentile

BOUNDS = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0]


def spread(recent: Recent, now: float, *ranks: float) -> tuple[int, list[float | None]]:
    counts = recent.present(now)
    return sum(counts), [percentile(BOUNDS, counts, rank) for rank in ranks]


def test_nothing_has_no_percentile() -> None:
    assert spread(Recent(BOUNDS), 0.0, 50, 99) == (0, [None, None])


def test_percentiles_lie_in_the_bucket_of_the_true_ones() -> None:
    dice = random.Random(7)
    values = sorted(dice.expovariate(8) for _ in range(10_000))
    recent = Recent(BOUNDS)
    for value in values:
        recent.observe(value, now=10.0)

    samples, found = spread(recent, 10.0, 50, 95, 99)

    assert samples == 10_000
    for rank, shown in zip((50, 95, 99), found, strict=True):
        true = values[rank * 100 - 1]
        assert shown is not None
        low = max((bound for bound in BOUNDS if bound < true), default=0.0)
        high = min(bound for bound in BOUNDS if bound >= true)
        assert low <= shown <= high


@pytest.mark.parametrize(("value", "shown"), [(0.0, 0.005), (0.01, 0.005), (0.015, 0.015), (3.0, 1.0)])
def test_one_value_is_known_by_its_bucket(value: float, shown: float) -> None:
    recent = Recent(BOUNDS)

    recent.observe(value, now=0.0)

    assert spread(recent, 0.0, 50) == (1, [pytest.approx(shown)])


def test_what_is_old_falls_out_and_what_is_not_stays() -> None:
    recent = Recent(BOUNDS, seconds=300, slices=30)
    recent.observe(0.9, now=1000.0)
    recent.observe(0.015, now=1200.0)

    assert spread(recent, 1289.0, 99)[0] == 2
    assert spread(recent, 1310.0, 50) == (1, [pytest.approx(0.015)])
    assert spread(recent, 2000.0, 50) == (0, [None])


def test_memory_does_not_grow() -> None:
    recent = Recent(BOUNDS, seconds=300, slices=30)
    for second in range(10_000):
        recent.observe(0.1, now=float(second))

    assert len(recent.counts) <= 30
    assert spread(recent, 9_999.0, 50)[0] <= 300
