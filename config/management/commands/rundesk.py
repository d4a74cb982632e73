"""`manage.py rundesk`: the desk as a process of its own, beside web processes that share its database and Redis."""

from __future__ import annotations

import asyncio
import signal
from typing import Any

from django.core.checks import Tags
from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.market.feeds import FeedError
from apps.trades.turns import run_desk
from config.listener import Listener


class Command(BaseCommand):
    help = "Runs feed, matching and saving until SIGTERM. Of several, one works and the others stand by."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--metrics-port", type=int, default=0, help="answer /metrics and /healthz here; 0: nowhere"
        )
        parser.add_argument("--metrics-host", default="127.0.0.1", help="from elsewhere it needs METRICS_TOKEN")

    def handle(self, *, metrics_host: str, metrics_port: int, **options: Any) -> None:
        self.check(tags=[Tags.database], databases=["default"])
        try:
            asyncio.run(self.work(metrics_host, metrics_port))
        except FeedError as error:
            raise CommandError(str(error)) from None

    async def work(self, host: str, port: int) -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        try:
            answering = await Listener().listen(host, port) if port else None
        except OSError as error:
            raise CommandError(f"Cannot listen on {host}:{port}: {error}. Choose another --metrics-port") from None
        self.stdout.write("The desk runs; SIGTERM ends it.")
        self.stdout.flush()
        await run_desk(stop)
        if answering is not None:
            answering.close()
        self.stdout.write("The desk has ended.")
