"""The time that all processes share: the database's, carried on by this process's monotonic clock."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta

from django.utils import timezone

from .moments import read_database_time

TOO_SLOW = 0.5  # seconds: a look that took longer says too little of when its answer was true


class SharedClock:
    """This machine's own time until it has looked. A step of the machine's clock between two looks changes nothing.

    Whoever takes over from another process stamps what follows by this: by its own clock, if that is behind, all it
    says would be older than what the other has said, and nobody would show it.
    """

    def __init__(
        self,
        read: Callable[[], datetime] = read_database_time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.read, self.monotonic = read, monotonic
        self.base: tuple[datetime, float] | None = None

    def __call__(self) -> datetime:
        if self.base is None:
            return timezone.now()
        moment, since = self.base
        return moment + timedelta(seconds=self.monotonic() - since)

    def look(self) -> None:
        """Asks the database; an answer that was long under way counts only where there is no better one."""
        asked = self.monotonic()
        moment = self.read()
        answered = self.monotonic()
        if self.base is None or answered - asked < TOO_SLOW:
            self.base = moment, (asked + answered) / 2
