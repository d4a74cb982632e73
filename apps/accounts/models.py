"""Who trades: the desk's own user."""

from __future__ import annotations

from django.contrib.auth.models import AbstractUser
from django.db import models


class User(AbstractUser):
    """A trader or an admin. `display_name` and `avatar_url` come from Discord, cleaned.

    `counted` says whether the user's use of the desk is counted.
    """

    display_name = models.CharField(max_length=32, blank=True)
    avatar_url = models.URLField(blank=True)
    time_zone = models.CharField(max_length=64, default="UTC")
    counted = models.BooleanField(default=True, db_default=True)
    auth_epoch = models.PositiveIntegerField(default=0)

    @property
    def shown_name(self) -> str:
        return self.display_name or self.username
