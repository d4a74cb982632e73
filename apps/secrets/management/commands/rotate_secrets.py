"""`manage.py rotate_secrets`: every secret under the newest key, and each one opened to see that it is."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.secrets.keys import keyring
from apps.secrets.queries import Found, look
from apps.secrets.services import BATCH, rotate


class Command(BaseCommand):
    help = (
        "Seal every secret under the newest key, in batches, beside running processes; if it is killed, run it again. "
        "Then open each: ends with 1, and names the rows, where one does not open or is left under another key."
    )
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--verify", action="store_true", help="only look")
        parser.add_argument("--batch", type=int, default=BATCH, help=f"rows a transaction (default: {BATCH})")

    def handle(self, *args: Any, verify: bool, batch: int, verbosity: int, **options: Any) -> None:
        if batch < 1:
            raise CommandError("--batch must be 1 or more")
        moved: Counter[str] = Counter()
        for step in [] if verify else rotate(batch):
            moved[step.column] += step.moved
            if verbosity > 1:
                self.stdout.write(f"{step.column}: {step.moved} moved up to {step.after}")
        newest = keyring().newest.id
        found = list(look())
        for each in found:
            self.stdout.write(
                f"{each.column}: {each.texts:,} sealed, {moved[each.column]:,} moved, "
                f"{each.not_under(newest):,} under other keys, {len(each.unopened):,} do not open"
            )
        self.judge(found, newest)

    def judge(self, found: list[Found], newest: str) -> None:
        wrong = [f"{each.column} {row}: {why}" for each in found for row, why in each.unopened.items()]
        if wrong:
            raise CommandError("\n".join(["These do not open:", *wrong]), returncode=1)
        left = {each.column: count for each in found if (count := each.not_under(newest))}
        if left:
            told = ", ".join(f"{column} {count:,}" for column, count in left.items())
            raise CommandError(f"Not under the newest key ({newest}): {told}. Run rotate_secrets", returncode=1)
        self.stdout.write(f"Every secret opens, and is under {newest}: {sum(each.texts for each in found):,}")
