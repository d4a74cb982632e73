"""`manage.py ws_codes > docs/codes.md`: the table of close codes as the docs show it."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from apps.live.codes import docs_page


class Command(BaseCommand):
    help = "Prints the table of close codes for docs/codes.md."

    def handle(self, **options: Any) -> None:
        self.stdout.write(docs_page(), ending="")
