"""Writes what the feed quotes into a CSV that FEED=replay:PATH plays again."""

from __future__ import annotations

import asyncio
import csv
import gzip
from datetime import UTC
from decimal import Decimal
from pathlib import Path
from typing import Any, TextIO

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.desk.money import ZERO
from apps.market.feeds import Feed, FeedError, Tick, feed_from_setting
from apps.market.feeds.recording import COLUMNS


class Command(BaseCommand):
    help = "Record the feed that FEED names for some seconds: one row a second and symbol."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--seconds", type=int, required=True)
        parser.add_argument("--out", type=Path, required=True, help="PATH.csv or PATH.csv.gz")

    def handle(self, *args: Any, seconds: int, out: Path, **options: Any) -> None:
        if seconds < 1:
            raise CommandError(f"--seconds is {seconds}; it must be at least 1")
        try:
            feed = feed_from_setting(settings)
        except FeedError as error:
            raise CommandError(str(error)) from error
        opened = gzip.open if out.suffix == ".gz" else open
        with opened(out, "wt", encoding="ascii", newline="") as file:
            rows = asyncio.run(record(feed, seconds, file))
        self.stdout.write(f"{rows} rows in {out}")


async def record(feed: Feed, seconds: int, file: TextIO) -> int:
    """Writes whole seconds of the venue's time, each when it is over. Returns how many rows."""
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(COLUMNS)
    newest: dict[str, tuple[Tick, Decimal]] = {}
    second, rows, done = None, 0, 0
    async for batch in feed.quotes():
        for tick in batch:
            at = tick.venue_at.astimezone(UTC).replace(microsecond=0)
            if at != second:
                rows += write(writer, newest)
                done += second is not None
                second, newest = at, {}
            if done == seconds:
                return rows
            before = newest.get(tick.symbol)
            newest[tick.symbol] = (tick, tick.volume + (before[1] if before else ZERO))
    return rows + write(writer, newest)


def write(writer: Any, newest: dict[str, tuple[Tick, Decimal]]) -> int:
    for symbol, (tick, volume) in sorted(newest.items()):
        figures = (tick.bid, tick.ask, tick.bid_size, tick.ask_size, tick.last, volume)
        writer.writerow([f"{tick.venue_at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}", symbol, *figures])
    return len(newest)
