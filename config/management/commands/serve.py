"""`manage.py serve`: HTTP and WebSockets, with `--with-desk` also the market and the paper broker."""

from __future__ import annotations

import ipaddress
import socket
from typing import Any

from django.conf import settings
from django.core.checks import Tags
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.urls import reverse


def is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def check_port(host: str, port: int) -> None:
    """Raises CommandError where nobody can listen there."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except (OSError, OverflowError) as error:
            raise CommandError(
                f"Cannot listen on {host}:{port}: {error}. Choose another: make run PORT=8001"
            ) from None


class Command(BaseCommand):
    help = "Serves HTTP and WebSockets."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--with-desk", action="store_true", help="run feed, matching and saving here too")

    def handle(self, *, host: str, port: int, with_desk: bool, **options: Any) -> None:
        if settings.DEMO_SIGN_IN and not is_loopback(host):
            raise CommandError(
                f"Demo sign-in lets anybody in, so it is served on this machine only, not on {host}. "
                "Set DEMO_SIGN_IN=off and DISCORD_CLIENT_ID, or HOST=127.0.0.1."
            )
        check_port(host, port)
        self.check(tags=[Tags.database], databases=["default"])
        from apps.trades.turns import run_desk  # noqa: PLC0415 -- slow import
        from config.asgi import application  # noqa: PLC0415 -- slow import: after the event loop is chosen
        from config.server import Runner  # noqa: PLC0415 -- slow import: it chooses the event loop

        shown = f"[{host}]" if ":" in host else host
        self.stdout.write(f"\nLivedesk is at http://{shown}:{port}/")
        if settings.DEMO_SIGN_IN:
            admin = reverse("admin:index")
            self.stdout.write(f"Sign in: choose alice or bob under «Try the demo desk»; admin opens {admin} as well.")
        else:
            self.stdout.write("Sign in: Continue with Discord.")
        self.stdout.write("Stop: Ctrl-C.\n")
        self.stdout.flush()
        Runner(application, host, port, run_desk if with_desk else None).run()
