"""Signs in many seeded traders at once and prints their session cookies: for load tests on this machine."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.accounts.checks import public_hosts
from apps.home.management import traders
from apps.market.feeds import FeedError
from apps.market.models import Instrument
from apps.market.services import seed_instruments
from apps.watchlist.services import MOST_SYMBOLS

MOST_TRADERS = 20_000


class Command(BaseCommand):
    help = "Print N session cookies of N seeded traders, one a line; each watches K symbols drawn with a fixed seed."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--count", type=int, required=True, metavar="N")
        parser.add_argument("--watch", type=int, metavar="K", help="symbols on each trader's first list")

    def handle(self, *args: Any, count: int, watch: int | None, **options: Any) -> None:
        if not settings.DEMO_SIGN_IN:
            raise CommandError("DEMO_SIGN_IN is off: sessions without a sign-in are for the demo only")
        if hosts := public_hosts():
            raise CommandError(f"ALLOWED_HOSTS names {', '.join(hosts)}: this command is for loopback only")
        if not 1 <= count <= MOST_TRADERS:
            raise CommandError(f"--count is {count}; it must be from 1 to {MOST_TRADERS}")
        try:
            seed_instruments()
        except FeedError as error:
            raise CommandError(str(error)) from error
        most = min(MOST_SYMBOLS, Instrument.objects.filter(tradable=True).count())
        if watch is not None and not 1 <= watch <= most:
            raise CommandError(f"--watch is {watch}; it must be from 1 to {most}: {self.bound(most)}")
        users = traders.seeded_traders(count)
        if watch is not None:
            traders.watch_drawn(users, watch)
        self.stdout.write("\n".join(traders.open_sessions(users)))

    def bound(self, most: int) -> str:
        if most == MOST_SYMBOLS:
            return "a watchlist holds no more"
        return "the feed has no more instruments (SIM_SYMBOLS makes more)"
