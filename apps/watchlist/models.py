"""The symbols a trader keeps in sight."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from apps.market.models import Instrument


class Watchlist(models.Model):
    """A named list; the first by `rank` is the one the desk shows."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="watchlists")
    name = models.CharField(max_length=40)
    rank = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "name"], name="one_watchlist_a_name")]
        ordering = ["user", "rank", "id"]

    def __str__(self) -> str:
        return self.name


class WatchedSymbol(models.Model):
    """One instrument on one list."""

    watchlist = models.ForeignKey(Watchlist, on_delete=models.CASCADE, related_name="symbols")
    instrument = models.ForeignKey(Instrument, on_delete=models.CASCADE, related_name="watched")
    rank = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["watchlist", "instrument"], name="watched_once")]
        ordering = ["watchlist", "rank", "id"]

    def __str__(self) -> str:
        return str(self.instrument_id)
