"""`manage.py verify_audit`: is the audit log what was written?"""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.audit.chain import verify


class Command(BaseCommand):
    help = "Follow the chain of the audit log from its first entry. Ends with 1 where it is broken, and says where."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        verdict = verify()
        if verdict.why:
            raise CommandError(f"The audit log is broken at {verdict.broken_at}: {verdict.why}", returncode=1)
        self.stdout.write(f"The audit log is whole: {verdict.entries:,} entries")
