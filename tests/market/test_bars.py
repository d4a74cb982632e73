from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from apps.market.bars import BarMaker, MinuteBar

from .build import NOON, bar, later, tick


def test_bar_holds_first_highest_lowest_and_last_trade() -> None:
    maker = BarMaker()

    finished = [maker.add(tick(last, later(at))) for last, at in [("10", 0), ("12", 20), ("9", 40), ("11", 59.9)]]

    assert finished == [None] * 4
    assert maker.current["AAPL"] == bar("10 12 9 11", volume=400)


def test_bar_is_finished_by_a_quote_of_another_minute() -> None:
    maker = BarMaker()
    maker.add(tick("10", later(1)))

    finished = maker.add(tick("11", later(60)))

    assert finished == bar("10 10 10 10", volume=100)
    assert maker.current["AAPL"] == bar("11 11 11 11", later(60), volume=100)


def test_bar_of_one_symbol_is_not_finished_by_another() -> None:
    maker = BarMaker()
    maker.add(tick("10"))

    assert maker.add(tick("20", later(60), "MSFT")) is None


def test_bar_follows_what_another_process_saw_earlier() -> None:
    running = bar("11 12 11 12", volume=200)

    running.follow(bar("10 11 8 11", volume=500))

    assert running == bar("10 12 8 12", volume=500)


@given(st.lists(st.tuples(st.integers(1, 10**6), st.integers(0, 90)), min_size=1, max_size=60))
def test_bars_together_hold_every_trade(trades: list[tuple[int, int]]) -> None:
    maker, at, bars = BarMaker(), NOON, []
    for price, gap in trades:
        at = later(gap, at)
        finished = maker.add(tick(str(price), at))
        bars += [finished] if finished else []
    bars.append(maker.current["AAPL"])

    assert sum((each.volume for each in bars), Decimal(0)) == 100 * len(trades)
    assert all(well_formed(each) for each in bars)
    assert [each.start for each in bars] == sorted({each.start for each in bars})
    assert max(each.high for each in bars) == max(price for price, _ in trades)


def well_formed(each: MinuteBar) -> bool:
    return each.low <= min(each.open, each.close) <= max(each.open, each.close) <= each.high
