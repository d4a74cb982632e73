"""When a rule fires: examples, and a plain look at every window as oracle."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.alerts.judging import Episode, Judge, Part, Point, State, Terms, episodes

START = datetime(2026, 3, 2, 12, tzinfo=UTC)
STEP = timedelta(seconds=10)


def points(*parts: Part | float | None) -> list[Point]:
    """Ten seconds apart; a number is a gauge."""
    return [
        Point(START + number * STEP, (part, 1.0) if isinstance(part, float | int) else part)
        for number, part in enumerate(parts)
    ]


def terms(window: int = 10, lasting: int = 0, threshold: float = 5, clear: float = 3) -> Terms:
    return Terms(threshold, clear, timedelta(seconds=window), timedelta(seconds=lasting))


def states(over: Terms, *parts: Part | float | None) -> list[str]:
    judge = Judge(over)
    return [judge.take(point).state.value for point in points(*parts)]


@pytest.mark.parametrize(
    ("over", "parts", "expected"),
    [
        (terms(), [5, 6, 5, 3], "ok firing firing ok"),  # between clear and threshold it stays what it is
        (terms(lasting=20), [6, 6, 6, 2], "pending pending firing ok"),
        (terms(lasting=20), [6, 6, 4, 6], "pending pending ok pending"),
        (terms(window=30), [9, 0, 9, 9], "firing firing firing firing"),
        (terms(threshold=0.1, clear=0.05), [(0, 0), (1, 5), (0, 0)], "ok firing ok"),  # an idle night divides nothing
        (terms(), [6, None, None, 2], "firing firing firing ok"),  # a metric that vanishes ends nothing
        (terms(), [None, None, 6], "no data|no data|firing"),
    ],
)
def test_a_rule_fires_and_ends(over: Terms, parts: list[Part | float | None], expected: str) -> None:
    assert states(over, *parts) == (expected.split("|") if "|" in expected else expected.split())


def test_a_rate_is_of_the_whole_window_and_not_the_mean_of_its_parts() -> None:
    judge = Judge(terms(window=20, threshold=0.5, clear=0.5))

    judged = [judge.take(point).value for point in points((9, 10), (0, 90))]

    assert judged == [0.9, 0.09]


def test_rehearsal_says_when_and_how_bad() -> None:
    found = list(episodes(terms(), points(1, 6, 9, 2, 1, 7)))

    assert found == [
        Episode(START + STEP, START + 3 * STEP, 9.0),
        Episode(START + 5 * STEP, None, 7.0),
    ]


parts = st.none() | st.tuples(st.integers(0, 9).map(float), st.integers(0, 9).map(float))


@given(st.lists(parts, max_size=30), st.integers(1, 4), st.integers(0, 3), st.integers(1, 8), st.integers(0, 8))
def test_the_judge_agrees_with_a_plain_look_at_every_window(
    given_parts: list[Part | None], window: int, lasting: int, threshold: int, below: int
) -> None:
    over = Terms(threshold / 10, min(threshold, below) / 10, window * STEP, lasting * STEP)
    judge, firing = Judge(over), False

    for number, point in enumerate(points(*given_parts)):
        judged = judge.take(point)

        values = [value_at(given_parts, upto, window) for upto in range(number + 1)]
        value = values[number]
        known = any(part is not None for part in given_parts[max(0, number - window + 1) : number + 1])
        if known:
            run = values[max(0, number - lasting) :]
            long_enough = len(run) == lasting + 1 and all(each is not None and each > over.threshold for each in run)
            firing = firing or long_enough
            if value is None or value <= over.clear:
                firing = False
        assert (judged.state is State.FIRING) == firing
        assert judged.value == (value if known else None)


def value_at(given_parts: list[Part | None], number: int, window: int) -> float | None:
    held = [part for part in given_parts[max(0, number - window + 1) : number + 1] if part is not None]
    possible = sum(part[1] for part in held)
    return sum(part[0] for part in held) / possible if possible else None
