"""Makes the demo's cast: Alice and Bob who trade, and an admin; may be run again."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from apps.accounts.services import demo_trader
from apps.market.feeds import FeedError
from apps.market.services import seed_instruments
from apps.portfolio.services import open_account
from apps.watchlist.services import default_watchlist

CAST = ("alice", "bob", "admin")


class Command(BaseCommand):
    help = "Make the demo's traders, their paper accounts and watchlists, and the instruments of the feed."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO_SIGN_IN:
            self.stdout.write("DEMO_SIGN_IN is off: no demo traders were made")
            return
        try:
            seed_instruments()
        except FeedError as error:
            raise CommandError(str(error)) from error
        with transaction.atomic():
            for name in CAST:
                user = demo_trader(name)
                open_account(user, deposit=settings.PAPER_CASH)
                default_watchlist(user)
