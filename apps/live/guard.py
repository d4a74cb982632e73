"""Ends sockets whose session has ended, whose user's rights changed or whose page is not for them any more.

At once when told, within seconds untold.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Collection, Iterable
from functools import partial
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.sessions.models import Session
from django.utils import timezone

from apps import telemetry

from . import bus
from .codes import CROWDED, FORBIDDEN, RESYNC, SIGNED_OUT, Code
from .codes import DISMISSED as BY_HAND
from .doors import Doors
from .endings import CHANGED, ENDED, mark_of
from .identity import STANDING, Standing, said_by, visitors_of
from .pages import Page
from .readers import on_reader
from .viewer import Viewer

if TYPE_CHECKING:
    from .hub import Hub

log = logging.getLogger(__name__)

SURPLUS, DISMISSED = "sockets-surplus", "sockets-dismissed"
EVERY_SECONDS = 8.0
REMEMBERED_SECONDS = 30.0
BATCH = 500


def present(keys: Iterable[str], user_ids: Iterable[int]) -> tuple[set[str], dict[int, Standing]]:
    """Which of the sessions last, and how the users stand who may be here at all."""
    keys, user_ids = list(keys), list(user_ids)
    lasting: set[str] = set()
    standings: dict[int, Standing] = {}
    for start in range(0, len(keys), BATCH):
        found = Session.objects.filter(session_key__in=keys[start : start + BATCH], expire_date__gt=timezone.now())
        lasting.update(found.values_list("session_key", flat=True))
    for start in range(0, len(user_ids), BATCH):
        active = get_user_model().objects.filter(pk__in=user_ids[start : start + BATCH], is_active=True)
        standings |= {pk: tuple(standing) for pk, *standing in active.values_list("pk", *STANDING)}
    return lasting, standings


def shut(asked: Collection[tuple[str, str]]) -> set[tuple[str, str]]:
    """Which of these, a page and a session each, would not be let in now."""
    visitors = visitors_of({key for _, key in asked}) if asked else {}

    def is_open(page: str, key: str) -> bool:
        return key in visitors and Page.registry[page].allows(visitors[key].user, partial(said_by, key))

    return {(page, key) for page, key in asked if not is_open(page, key)}


def is_for_some(viewer: Viewer) -> bool:
    return viewer.page in Page.registry and Page.registry[viewer.page].is_for_some


class Guard:
    """Of what it was told lately it also asks those who were on their way in just then."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self.doors = Doors(settings.REDIS_URL)
        self.last = time.monotonic()
        self.lately: dict[str | int, float] = {}

    def listen(self) -> None:
        bus.subscribe(ENDED, self.hear_ended)
        bus.subscribe(CHANGED, self.hear_changed)
        bus.subscribe(SURPLUS, self.hear_surplus)
        bus.subscribe(DISMISSED, self.hear_dismissed)

    def deafen(self) -> None:
        bus.unsubscribe(ENDED, self.hear_ended)
        bus.unsubscribe(CHANGED, self.hear_changed)
        bus.unsubscribe(SURPLUS, self.hear_surplus)
        bus.unsubscribe(DISMISSED, self.hear_dismissed)

    def hear_ended(self, mark: str) -> None:
        self.lately[mark] = time.monotonic()
        for viewer in [one for one in self.hub.viewers if mark_of(one.session_key) == mark]:
            self.end(viewer, SIGNED_OUT)

    def hear_changed(self, user_ids: list[int]) -> None:
        now = time.monotonic()
        self.lately.update((one, now) for one in user_ids)
        changed = set(user_ids)
        self.ask([viewer for viewer in self.hub.viewers if viewer.user_id in changed])

    def hear_surplus(self, seats: list[str]) -> None:
        """A user has opened one socket too many, here or elsewhere: the oldest ones go."""
        gone = set(seats)
        for viewer in [one for one in self.hub.viewers if one.seat in gone]:
            self.end(viewer, CROWDED)

    def hear_dismissed(self, asked: dict[str, list[Any]]) -> None:
        """An admin has closed these sockets, or all of these users."""
        seats, users = set(asked["seats"]), set(asked["users"])
        for viewer in [one for one in self.hub.viewers if one.seat in seats or one.user_id in users]:
            self.end(viewer, BY_HAND)

    def send_on(self, gone: Collection[str]) -> None:
        """Pages that show one of these topics by itself have another address now, and load again."""
        for viewer in [one for one in self.hub.viewers if gone and not one.base.isdisjoint(gone)]:
            self.end(viewer, RESYNC)

    def greet(self, viewer: Viewer) -> None:
        """A viewer has joined: what was heard while it was being let in holds for it too; then it takes its seat."""
        if self.lately and (mark_of(viewer.session_key) in self.lately or viewer.user_id in self.lately):
            self.ask([viewer])
        if settings.WS_MAX_PER_USER:
            self.hub.spawn(self.count(viewer))

    async def count(self, viewer: Viewer) -> None:
        seats = await self.doors.crowded(f"user:{viewer.user_id}", viewer.seat, settings.WS_MAX_PER_USER)
        surplus = seats[: -settings.WS_MAX_PER_USER]
        if viewer not in self.hub.viewers:  # gone before it was counted
            await self.doors.rise(f"user:{viewer.user_id}", viewer.seat)
        elif surplus:
            bus.publish(SURPLUS, surplus)

    def part(self, viewer: Viewer) -> None:
        """A viewer has left."""
        if settings.WS_MAX_PER_USER:
            self.hub.spawn(self.doors.rise(f"user:{viewer.user_id}", viewer.seat))

    async def look(self) -> None:
        """Asks the database, every few seconds, whether everybody connected may still be."""
        now = time.monotonic()
        if now - self.last < EVERY_SECONDS or not self.hub.viewers:
            return
        self.last = now
        self.lately = {what: at for what, at in self.lately.items() if now - at < REMEMBERED_SECONDS}
        await self.check(tuple(self.hub.viewers))

    def ask(self, viewers: Collection[Viewer]) -> None:
        if viewers:
            self.hub.spawn(self.check_soon(viewers))

    async def check_soon(self, viewers: Collection[Viewer]) -> None:
        try:
            await self.check(viewers)
        except Exception:
            telemetry.faults.labels("guard").inc()
            log.exception("asking who may stay failed; the next look asks again")

    async def check(self, viewers: Collection[Viewer]) -> None:
        keys, users = {one.session_key for one in viewers}, {one.user_id for one in viewers}
        lasting, standings = await on_reader(present, keys, users)
        gone = await on_reader(shut, {(one.page, one.session_key) for one in viewers if is_for_some(one)})
        for viewer in viewers:
            standing = standings.get(viewer.user_id)
            differs = viewer.standing is not None and viewer.standing != standing
            if viewer.session_key not in lasting or standing is None:
                self.end(viewer, SIGNED_OUT)
            elif differs or (viewer.page, viewer.session_key) in gone:
                self.end(viewer, FORBIDDEN)

    def end(self, viewer: Viewer, code: Code) -> None:
        if viewer in self.hub.viewers:
            self.hub.leave(viewer)
            viewer.close(code.close)
