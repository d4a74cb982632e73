"""Which process is the desk: a row that its holder renews each second and that runs out by itself."""

from __future__ import annotations

import os
import socket
import threading
import time
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db.models import Q, Value
from django.db.models.functions import Now

from apps.live.moments import now_in_database

from .models import DeskLease

LEASE_SECONDS = 4.0
ROW = 1


class Lease:
    """Held only while this process's own monotonic clock says so.

    A process that was frozen and goes on knows without asking that its lease has run out.
    """

    def __init__(self, holder: str = "", clock: Callable[[], float] = time.monotonic) -> None:
        self.holder = holder or f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"
        self.clock = clock
        self.good_until = float("-inf")
        self.ended = False
        self.lock = threading.Lock()

    @property
    def held(self) -> bool:
        return self.clock() < self.good_until

    def renew(self, now: datetime | Now | Value | None = None) -> bool:
        """Takes the lease if it is free or ours, by one conditional update; never again once given back.

        By the database's clock: one desk's own, if it went ahead, would take the lease from a living one.
        """
        now = now or now_in_database()
        with self.lock:
            if self.ended:
                return False
            started = self.clock()
            DeskLease.objects.get_or_create(pk=ROW)
            free = Q(holder=self.holder) | Q(until__isnull=True) | Q(until__lte=now)
            until = now + timedelta(seconds=LEASE_SECONDS)
            taken = DeskLease.objects.filter(free, pk=ROW).update(holder=self.holder, until=until)
            self.good_until = started + LEASE_SECONDS if taken else float("-inf")
            return bool(taken)

    def give_back(self) -> None:
        """Lets the next process take over at once; a renewal that is still under way in a thread comes first."""
        with self.lock:
            self.ended, self.good_until = True, float("-inf")
            DeskLease.objects.filter(pk=ROW, holder=self.holder).update(holder="", until=None)
