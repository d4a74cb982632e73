from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from apps.market.bars import BarMaker
from apps.market.feeds import Tick
from apps.market.feeds.recording import rows, survey
from apps.market.feeds.replay import Replay

from .build import REAL_SESSION, RECORDED, figures, recording

AT_ONCE = 1e8
OPEN = datetime(2013, 10, 7, 13, 30, tzinfo=UTC)


async def played(feed: Replay) -> list[Tick]:
    return [tick async for batch in feed.quotes() for tick in batch]


async def test_replay_without_a_trade_keeps_the_last_price(tmp_path: Path) -> None:
    feed = Replay(
        recording(
            tmp_path,
            "2013-10-07T13:30:00Z,SPY,10,10.05,100,200,,",
            "2013-10-07T13:30:01Z,SPY,10,10.02,100,200,10.02,300",
            "2013-10-07T13:30:02Z,SPY,,,,,10.01,50",
            "2013-10-07T13:30:03Z,SPY,10,10.03,100,200,,",
        ),
        AT_ONCE,
    )

    ticks = await played(feed)

    assert [figures(tick) for tick in ticks] == [
        "SPY 10/10.05 100x200 10.025",
        "SPY 10/10.02 100x200 10.02",
        "SPY 10/10.03 100x200 10.01",
    ]
    assert [tick.volume for tick in ticks] == [0, 300, 0]


async def test_replay_closes_the_market_at_the_end(tmp_path: Path) -> None:
    feed = Replay(recording(tmp_path, "2013-10-07T13:30:00Z,SPY,10,10.05,100,200,10,1"), AT_ONCE)
    assert feed.session().is_open

    await played(feed)

    assert not feed.session().is_open
    assert feed.session().reason == "The recording ended at 2013-10-07 13:30:00 UTC"


async def test_replay_of_two_days_rolls_the_session(tmp_path: Path) -> None:
    feed = Replay(
        recording(
            tmp_path,
            "2013-10-07T20:00:00Z,SPY,10,10.05,100,200,10,1",
            "2013-10-08T13:30:00Z,SPY,11,11.05,100,200,11,1",
        ),
        AT_ONCE,
    )
    assert feed.session().previous_closes == {}
    assert feed.session().opening_prices == {"SPY": 10}

    await played(feed)

    assert feed.session().date.isoformat() == "2013-10-08"
    assert feed.session().previous_closes == {"SPY": 10}


async def test_replay_keeps_the_pace_of_its_speed(tmp_path: Path) -> None:
    feed = Replay(recording(tmp_path, *(f"2013-10-07T13:30:0{n}Z,SPY,10,10.05,100,200,10,1" for n in range(4))), 20)

    ticks = await played(feed)

    assert (ticks[-1].received_at - ticks[0].received_at).total_seconds() > 0.13


async def test_replay_of_what_the_project_recorded() -> None:
    found = survey(RECORDED)

    ticks = await played(Replay(RECORDED, AT_ONCE))

    assert len(ticks) == found.quotes == found.rows
    assert {tick.symbol for tick in ticks} == {"AAPL", "MSFT", "NVDA", "AMZN"}


async def test_replay_of_the_real_session_of_2013_10_07() -> None:
    """R-QUOTES: every row is played; the bars hold exactly what the file says."""
    feed = Replay(REAL_SESSION, 1e9)
    maker, bars, quotes = BarMaker(), [], 0

    async for batch in feed.quotes():
        quotes += len(batch)
        bars += [bar for tick in batch if (bar := maker.add(tick))]
    bars += maker.current.values()

    assert (feed.survey.rows, feed.survey.quotes, quotes) == (74_154, 70_876, 70_876)
    assert feed.session().reason == "The recording ended at 2013-10-07 19:59:59 UTC"
    assert {bar.symbol for bar in bars} == {"AIG", "BAC", "IBM", "SPY"}
    assert {(bar.symbol, bar.start): (bar.high, bar.low, bar.close) for bar in bars} == extremes(REAL_SESSION)


def extremes(path: Path) -> dict[tuple[str, datetime], tuple[Decimal, Decimal, Decimal]]:
    """High, low and close of each minute, computed from the file by itself."""
    prices: dict[tuple[str, datetime], list[Decimal]] = defaultdict(list)
    last: dict[str, Decimal] = {}
    for row in rows(path):
        last[row.symbol] = row.last or last[row.symbol]
        if row.bid is not None:
            prices[row.symbol, row.at.replace(second=0)].append(last[row.symbol])
    return {key: (max(each), min(each), each[-1]) for key, each in prices.items()}


async def test_replay_goes_by_the_symbol_of_today(tmp_path: Path) -> None:
    """Renamed before it starts, and once more: what is recorded stays as it is."""
    rows = "2013-10-07T20:00:00Z,FB,10,10.05,100,200,10,1", "2013-10-08T13:30:00Z,FB,11,11.05,100,200,11,1"
    feed = Replay(recording(tmp_path, *rows), AT_ONCE)
    feed.rename("FB", "META")
    assert dict(feed.session().opening_prices) == {"META": 10}
    feed.rename("META", "MVRS")
    feed.rename("FB", "NOBODY")

    ticks = await played(feed)

    assert {tick.symbol for tick in ticks} == {"MVRS"}
    assert [each.symbol for each in feed.instruments()] == ["MVRS"]
    assert dict(feed.session().previous_closes) == {"MVRS": 10}
