"""From the settings to a feed. A wrong setting ends the start with its name and what would be right."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from apps.desk.calendar import ALWAYS
from apps.market.hours import NAMES

from .base import Feed, FeedError
from .replay import Replay
from .simulated import MOST_SYMBOLS, MOST_TICKS, Simulated


def feed_from_setting(settings: Any) -> Feed:
    """The feed that FEED names."""
    check_setting(settings)
    kind, _, path = settings.FEED.partition(":")
    if kind == "replay":
        return Replay(Path(path), settings.REPLAY_SPEED)
    return Simulated(settings.SIM_SYMBOLS, settings.SIM_RATE, settings.SIM_SEED, abroad=settings.SIM_FX)


def check_setting(settings: Any) -> None:
    """Raises FeedError for a setting that cannot be right, without reading a recording."""
    kind, _, path = settings.FEED.partition(":")
    if settings.FEED != "simulated" and kind != "replay":
        raise FeedError(f"FEED is {settings.FEED!r}; it must be simulated or replay:PATH")
    if kind == "replay" and not Path(path).is_file():
        raise FeedError(f"FEED names {path!r}, which is no file; it must be replay:PATH of a CSV or CSV.gz recording")
    if not 1 <= settings.SIM_SYMBOLS <= MOST_SYMBOLS:
        raise FeedError(f"SIM_SYMBOLS is {settings.SIM_SYMBOLS}; it must be 1 to {MOST_SYMBOLS}")
    if not 0 < settings.SIM_RATE <= MOST_TICKS:
        raise FeedError(f"SIM_RATE is {settings.SIM_RATE}; it must be above 0 and at most {MOST_TICKS}")
    if settings.MARKET_CALENDAR not in NAMES:
        raise FeedError(f"MARKET_CALENDAR is {settings.MARKET_CALENDAR!r}; it must be one of {', '.join(NAMES)}")
    if kind == "replay" and settings.MARKET_CALENDAR != ALWAYS:
        raise FeedError(
            f"MARKET_CALENDAR is {settings.MARKET_CALENDAR!r}; it must be {ALWAYS} for a replay, which has the hours"
            " of its recording"
        )
    if not settings.REPLAY_SPEED > 0:
        raise FeedError(f"REPLAY_SPEED is {settings.REPLAY_SPEED}; it must be above 0")
