"""`manage.py state_hash`: one number for all that accounts own, owe and did. Equal before and after a restore."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from apps.trades.state_hash import state_hash


class Command(BaseCommand):
    help = "Print the SHA-256 of the state of accounts, orders, ledger and event numbers. Read from one moment."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(state_hash())
