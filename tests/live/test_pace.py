"""What follows quotes has a budget; what happened and the quotes themselves have none."""

from __future__ import annotations

import time

import pytest

from apps.live import hub as hub_module
from apps.live.hub import Hub
from apps.live.pace import MOST_STRETCH, Pace
from apps.live.watched import Watched

from .conftest import Counter, Reader

pytestmark = pytest.mark.django_db(transaction=True)


def a_second_of(pace: Pace, share: float) -> None:
    pace.since = time.monotonic() - 1
    pace.spent = share
    pace.sweep()


def test_redrawing_that_takes_too_much_comes_less_often_and_often_again_when_it_is_cheap() -> None:
    pace = Pace()
    for _ in range(10):
        a_second_of(pace, 0.5)
    busy = pace.stretch
    for _ in range(20):
        a_second_of(pace, 0.05)

    assert busy == MOST_STRETCH
    assert pace.stretch == 1.0


def test_turns_of_one_key_fall_together_whenever_they_were_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Counter, "every", 0.25)
    pace, one, other = Pace(), Watched("counter/7"), Watched("counter/7")

    pace.redrawn(one, 1000.0, 0.0)
    pace.redrawn(other, 1000.0 + (one.next_at - 1000.0) / 2, 0.0)

    assert one.next_at == pytest.approx(other.next_at)
    assert 1000.0 < one.next_at <= 1000.25


@pytest.mark.parametrize("key", [str(number) for number in range(5)])
@pytest.mark.parametrize("stretch", [1.0, 1.5, MOST_STRETCH])
def test_what_is_drawn_less_often_has_its_turns_among_those_of_the_same_key(
    monkeypatch: pytest.MonkeyPatch, key: str, stretch: float
) -> None:
    """Account and positions four times a second, breakdown once: from one valuation."""
    pace, often, seldom = Pace(), Watched(f"counter/{key}"), Watched(f"counter/{key}")
    pace.stretch = stretch
    for seen, every in ((often, 0.25), (seldom, 1.0)):
        monkeypatch.setattr(Counter, "every", every)
        pace.redrawn(seen, 1000.0, 0.0)

    turns = (seldom.next_at - often.next_at) / (0.25 * stretch)

    assert turns == pytest.approx(round(turns))
    assert 1000.0 < seldom.next_at <= 1000.0 + stretch


def test_who_waits_is_due_in_its_time_and_once() -> None:
    pace, seen = Pace(), Watched("counter/7")
    seen.next_at = 5.0
    pace.wait(seen)
    pace.wait(seen)

    assert (pace.due(4.9), pace.next_at()) == ([], 5.0)
    assert (pace.due(5.0), pace.due(9.0), pace.next_at()) == (["counter/7"], [], float("inf"))


async def test_a_flush_without_time_draws_one_that_happened_and_one_that_follows_and_leaves_the_rest(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    readers = [Reader(n) for n in range(1, 6)]
    for reader in readers:
        hub.join(reader, [f"counter/{reader.user_id}"])
        await reader.until(bool)
    Counter.draws.clear()
    monkeypatch.setattr(hub_module, "DRAWS_AT_ONCE", 0.0)
    seen = [hub.watched[f"counter/{n}"] for n in range(1, 6)]
    seen[3].fresh = seen[4].fresh = True

    drawn = hub.draw(seen, time.monotonic())

    assert [one.key in {"4", "5"} for one in drawn] == [True, False]
    hub.hurry()
    for reader in readers:
        if reader.user_id not in {int(one.key) for one in drawn}:
            await reader.until(lambda got: len(got) == 2)
    assert sorted(Counter.draws) == ["1", "2", "3", "4", "5"]


async def test_a_flush_without_time_draws_no_container_before_what_stands_in_it(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub_module, "DRAWS_AT_ONCE", 0.0)
    reader = Reader(1)

    hub.join(reader, ["box/a"])
    await reader.until(lambda got: any('id="box"' in text for text in got))

    inner = '<p id="counter-1" data-ts="1">0</p><p id="counter-2" data-ts="1">0</p>'
    assert reader.got[-1] == f'<div id="box" data-ts="1">{inner}</div>'


async def test_what_waits_for_its_turn_does_not_wait_with_an_event(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Counter, "every", 30.0)
    reader = Reader(1)
    hub.join(reader, ["counter/1"])
    await reader.until(bool)
    for _ in range(3):
        hub.moved("tick/now")
        await hub.flush()
    drawn, waiting = len(Counter.draws), set(hub.pace.waiting)

    hub.outdated("counter/1")
    await reader.until(lambda got: len(got) == 2)

    assert (drawn, waiting, len(Counter.draws)) == (1, {"counter/1"}, 2)
