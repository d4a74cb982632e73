"""P1: kill -9 at any moment loses nothing and repeats nothing."""

from __future__ import annotations

import os
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from .race import RaceDesk

KILLS = int(os.environ.get("KILLS", "500"))
SEED = int(os.environ.get("FAULT_SEED", "20261127"))


@pytest.mark.timeout(300)
def test_killed_at_any_moment_the_books_are_whole(race_desk: RaceDesk, record_property: Callable[..., Any]) -> None:
    """R-ORDER: what was said is kept, what was not is done once when it is sent again, and all adds up.

    Of two that cancel each other one takes all, the other nothing; after each kill the same is left of both.
    """
    found = race_desk.run(str(KILLS), str(SEED), worker="kill_worker")[0]

    killed = f"{found['died']} kills, {found['left_legs']} of them between legs"
    record_property(
        "figure", f"P1 {race_desk.kind}: {killed}, {found['given']} orders, {found['seconds']} s, seed {SEED}"
    )
    assert found["died"] > KILLS * 0.9
    assert found["orders"] == found["given"] > KILLS / 50
    whole = {
        name: found[name]
        for name in (
            "not_as_said",
            "not_ended_as_said",
            "not_whole",
            "left_otherwise",
            "seconds_not_as_firsts",
            "never_told",
            "told_twice",
        )
    }
    assert whole == {name: [] for name in whole}
    assert 0 < found["left_legs"] < found["died"]
    assert Decimal(found["held"]) == Decimal(found["traded"])
    assert found["not_two"] == 0
    assert found["fills_told"] == found["fills"]
    assert found["broken"] == {}
