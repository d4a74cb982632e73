"""`manage.py verify_ledger`: does everything add up? On live data, while the desk trades."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.live.moments import read_database_time
from apps.portfolio.invariants import Finding
from apps.trades.verify import check_ledger


class Command(BaseCommand):
    help = "Look at every invariant of accounts, orders, ledger and events. Ends with 1 when one does not hold."
    requires_system_checks = []  # what it prints is for other programs too

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print the findings as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        findings = check_ledger(read_database_time())
        broken = [each.name for each in findings if each.wrong]
        if options["json"]:
            self.stdout.write(json.dumps({"holds": not broken, "invariants": [facts(each) for each in findings]}))
        else:
            self.stdout.write("\n".join(line(each) for each in findings))
        if broken:
            raise CommandError(f"{len(broken)} of {len(findings)} do not hold: {', '.join(broken)}", returncode=1)


def facts(finding: Finding) -> dict[str, Any]:
    return {
        "name": finding.name,
        "of": finding.kind,
        "rows": finding.rows,
        "milliseconds": round(finding.seconds * 1000, 1),
        "wrong": finding.wrong,
        "ids": list(finding.ids),
    }


def line(finding: Finding) -> str:
    """`ok     cash-is-booked   40 accounts   1.2 ms`, and what is wrong."""
    looked = f"{finding.rows:>11,} {finding.kind:16} {finding.seconds * 1000:>9,.1f} ms"
    if not finding.wrong:
        return f"ok     {finding.name:27} {looked}"
    more = ", …" if finding.wrong > len(finding.ids) else ""
    return f"WRONG  {finding.name:27} {looked}  {finding.wrong:,} wrong: {', '.join(finding.ids)}{more}"
