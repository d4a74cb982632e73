"""Make an admin of somebody who has signed in with Discord."""

from __future__ import annotations

from typing import Any

from allauth.socialaccount.models import SocialAccount
from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.accounts.services import make_admin


class Command(BaseCommand):
    help = "Make an admin of somebody who has signed in with Discord."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("discord_id", help="their Discord user id (17 to 20 digits)")

    def handle(self, *args: Any, discord_id: str, **options: Any) -> None:
        try:
            user = make_admin(discord_id)
        except SocialAccount.DoesNotExist as error:
            raise CommandError(f"Nobody with the Discord id {discord_id} has signed in yet") from error
        self.stdout.write(f"{user.shown_name} is an admin now")
