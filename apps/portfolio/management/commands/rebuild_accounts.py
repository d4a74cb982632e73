"""`manage.py rebuild_accounts`: are positions and lots what the journals make them? With `--fix` they become so."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.portfolio.mending import HeldBack, differences
from apps.portfolio.models import Account


class Command(BaseCommand):
    help = "Work positions and lots out again from the journals. Ends with 1 when one differs and was not mended."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--account", type=int, help="the id of the only account to look at")
        parser.add_argument("--fix", action="store_true", help="write what the journals say, an account at a time")

    def handle(self, *args: Any, **options: Any) -> None:
        accounts = Account.objects.select_related("user").order_by("pk")
        if options["account"] is not None:
            accounts = accounts.filter(pk=options["account"])
            if not accounts.exists():
                raise CommandError(f"There is no account {options['account']}", returncode=1)
        wrong = looked_at = 0
        for account in accounts.iterator():
            looked_at += 1
            wrong += not self.is_right(account, fix=options["fix"])
        self.stdout.write(f"{looked_at:,} accounts looked at")
        if wrong:
            raise CommandError(f"{wrong:,} of {looked_at:,} accounts are not as their journals say", returncode=1)

    def is_right(self, account: Account, *, fix: bool) -> bool:
        """Prints what differs; whether the account is as its journals say from now on."""
        try:
            found = differences(account.pk, fix=fix)
        except (ValueError, HeldBack) as fault:
            self.stdout.write(f"account {account.pk} ({account.user}): nothing was written, {fault}")
            return False
        for each in found:
            said = f"{each.symbol} {each.what}: kept {each.kept}, booked {each.booked}"
            self.stdout.write(f"account {account.pk} ({account.user}): {said}")
        if found and fix:
            self.stdout.write(f"account {account.pk} ({account.user}): mended")
        return fix or not found
