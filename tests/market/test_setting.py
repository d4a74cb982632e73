from __future__ import annotations

from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from apps.market.checks import feed_setting
from apps.market.feeds import FeedError, feed_from_setting
from apps.market.feeds.recording import survey

from .build import RECORDED, recording


def test_feed_of_the_default_setting_is_the_simulated_market(settings: Any) -> None:
    settings.FEED = "simulated"

    assert feed_from_setting(settings).name == "simulated"
    assert feed_setting(None) == []


def test_feed_of_a_recording(settings: Any) -> None:
    settings.FEED = f"replay:{RECORDED}"

    assert feed_from_setting(settings).name == "replay"


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("FEED", "nasdaq", "FEED is 'nasdaq'; it must be simulated or replay:PATH"),
        ("FEED", "replay", "FEED names '', which is no file"),
        ("FEED", "replay:/nowhere.csv", "FEED names '/nowhere.csv', which is no file"),
        ("SIM_SYMBOLS", 2001, "SIM_SYMBOLS is 2001; it must be 1 to 2000"),
        ("SIM_RATE", 51.0, "SIM_RATE is 51.0; it must be above 0 and at most 50"),
        ("MARKET_CALENDAR", "XLON", "MARKET_CALENDAR is 'XLON'; it must be one of 24/7, XNYS"),
        ("REPLAY_SPEED", 0.0, "REPLAY_SPEED is 0.0; it must be above 0"),
    ],
)
def test_wrong_setting_ends_the_start_with_its_name(settings: Any, name: str, value: Any, words: str) -> None:
    setattr(settings, name, value)

    with pytest.raises(FeedError) as refused:
        feed_from_setting(settings)

    assert str(refused.value).startswith(words)
    assert [error.msg.startswith(words) for error in feed_setting(None)] == [True]


def test_malformed_recording_ends_the_start_with_its_line(settings: Any, tmp_path: Path) -> None:
    settings.FEED = f"replay:{recording(tmp_path, 'nonsense')}"

    with pytest.raises(FeedError, match=r"session\.csv: line 2: 1 cells; there must be 8"):
        feed_from_setting(settings)


@pytest.mark.parametrize("name", ["market.csv", "market.csv.gz"])
def test_market_is_recorded_in_the_format_of_the_replay(settings: Any, tmp_path: Path, name: str) -> None:
    settings.SIM_SYMBOLS, settings.SIM_RATE = 3, 20.0
    said = StringIO()

    call_command("record_market", "--seconds=2", f"--out={tmp_path / name}", stdout=said)

    rows = survey(tmp_path / name).rows
    assert 4 <= rows <= 6  # the first second may be a short one, in which not every symbol is quoted
    assert said.getvalue() == f"{rows} rows in {tmp_path / name}\n"


def test_recording_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="--seconds is 0; it must be at least 1"):
        call_command("record_market", "--seconds=0", f"--out={tmp_path / 'market.csv'}")


def test_recording_with_a_wrong_feed_is_refused(settings: Any, tmp_path: Path) -> None:
    settings.FEED = "nasdaq"

    with pytest.raises(CommandError, match="FEED is 'nasdaq'"):
        call_command("record_market", "--seconds=1", f"--out={tmp_path / 'market.csv'}")
