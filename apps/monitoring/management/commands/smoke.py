"""`manage.py smoke URL`: does the desk there work? To be asked after each deploy."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.monitoring.smoke import Smoke


class Command(BaseCommand):
    help = "Try a desk from outside, step by step, and print a table. Ends with 1 when a step fails."
    requires_system_checks = []  # it is another desk that is looked at

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("url", help="such as https://desk.example.com")
        parser.add_argument("--release", default="", help="the release that must answer, such as 0.2.0")
        parser.add_argument("--trader", default="", help="a demo trader: pages, socket and a paper order, too")
        parser.add_argument("--session", default="", help="the session cookie of somebody, for the same")
        parser.add_argument("--symbol", default="AAPL", help="what the paper order is for; it is cancelled at once")

    def handle(self, *args: Any, url: str, **options: Any) -> None:
        names = ("release", "trader", "session", "symbol")
        try:
            smoke = Smoke(url, **{name: options[name] for name in names})
        except ValueError as error:
            raise CommandError(str(error)) from None
        outcomes = smoke.run()
        width = max(len(each.name) for each in outcomes)
        for each in outcomes:
            mark = "ok  " if each.passed else "FAIL"
            self.stdout.write(f"{mark} {each.name.ljust(width)} {each.milliseconds:7.0f} ms  {each.told}")
        failed = sum(not each.passed for each in outcomes)
        if not (options["trader"] or options["session"]):
            self.stdout.write("Pages, socket and order were not tried: name --trader or --session.")
        if failed:
            raise CommandError(f"{failed} of {len(outcomes)} steps failed")
