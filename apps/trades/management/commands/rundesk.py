"""`manage.py rundesk`: the desk as a process of its own, beside web processes that share its database and Redis."""

from __future__ import annotations

import asyncio
import signal
from typing import Any

from django.core.checks import Tags
from django.core.management.base import BaseCommand, CommandError

from apps.market.feeds import FeedError
from apps.trades.turns import run_desk


class Command(BaseCommand):
    help = "Runs feed, matching and saving until SIGTERM. Of several, one works and the others stand by."

    def handle(self, *args: Any, **options: Any) -> None:
        self.check(tags=[Tags.database], databases=["default"])
        try:
            asyncio.run(self.work())
        except FeedError as error:
            raise CommandError(str(error)) from None

    async def work(self) -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        self.stdout.write("The desk runs; SIGTERM ends it.")
        self.stdout.flush()
        await run_desk(stop)
        self.stdout.write("The desk has ended.")
