"""What everybody is told on every page: an admin's notice at its time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.safestring import SafeString

from .announce import announce
from .fragments import Fragment, draw
from .kept import Kept
from .models import Notice, Stream
from .moments import micros
from .running import present_hub
from .topics import DESK_STREAM, NOTICE

KEPT_SECONDS = 2.0


@dataclass(frozen=True)
class Posted:
    """The notices that have not ended, also those to come; `ts` is when everybody was last told anything (µs)."""

    notices: tuple[Notice, ...]
    ts: int

    def shown(self, now: datetime) -> list[Notice]:
        return [one for one in self.notices if one.starts_at <= now and (one.ends_at is None or now < one.ends_at)]

    def turns(self) -> list[datetime]:
        """The moments at which a notice comes or goes."""
        return [moment for one in self.notices for moment in (one.starts_at, one.ends_at) if moment is not None]


def posted() -> Posted:
    told = Stream.objects.filter(name=DESK_STREAM).values_list("at", flat=True).first()
    lasting = Notice.objects.filter(Q(ends_at__isnull=True) | Q(ends_at__gt=timezone.now()))
    return Posted(tuple(lasting), micros(told) if told else 0)


kept = Kept(posted, KEPT_SECONDS)


def board_for_visitors() -> SafeString:
    """The notices for a page that has no line: a crowd of strangers asks the database no more than one does."""
    return draw(NOTICE, kept.present(), {})


def tell_all(what: str, notice: Notice) -> None:
    """Has every open page show the notices as they now are; inside the transaction that changed one."""
    announce(DESK_STREAM, f"notice.{what}", {"notice_id": notice.pk, "text": notice.text}, topics=[NOTICE])
    kept.forget()
    transaction.on_commit(kept.forget)


class NoticeBoard(Fragment):
    """Read when a notice changes, drawn again when the time of one has come or is over."""

    kind = "notice"
    template = "live/_notice.html"

    def load(self, key: str) -> Posted:
        return posted()

    def follows(self, facts: Posted) -> Iterable[str]:
        return ("clock/notices",)

    def context(self, key: str, facts: Posted) -> dict[str, Any]:
        now = timezone.now()
        passed = [micros(moment) for moment in facts.turns() if moment <= now]
        return {"notices": facts.shown(now), "ts": max([facts.ts, *passed])}


class Turning:
    """Names the board of notices whenever one of them has come or gone since it was last asked."""

    def __init__(self) -> None:
        self.asked_at = timezone.now()

    def __call__(self) -> list[str]:
        since, self.asked_at = self.asked_at, timezone.now()
        hub = present_hub()
        seen = hub.watched.get(NOTICE) if hub else None
        if seen is None or not seen.known:
            return []
        return [NOTICE] if any(since < moment <= self.asked_at for moment in seen.facts.turns()) else []
