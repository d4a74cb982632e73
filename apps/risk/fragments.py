"""Whether new orders are stopped, shown where they are typed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import Q
from django.utils import timezone

from apps.desk.limits import Halt
from apps.live.fragments import Fragment, register
from apps.live.kinds import event_kinds
from apps.live.moments import micros

from .models import OwnLimit, RiskLimits
from .queries import desk_limits, own_limits

WHOLE_DESK = "desk"

event_kinds("risk", {"limits": "an admin set limits or a kill switch", "own_limits": "a trader set the own limits"})


class HaltFragment(Fragment):
    """`halt/desk` is everybody's, `halt/<account>` that of one account, by an admin or by its owner."""

    kind = "halt"
    template = "risk/_halt.html"

    def load_many(self, keys: Sequence[str]) -> dict[str, tuple[Halt | None, int]]:
        ids = {key: None if key == WHOLE_DESK else int(key) for key in keys}
        now = timezone.now()
        rows = {
            row.account_id: row for row in RiskLimits.objects.filter(Q(account=None) | Q(account__in=ids.values()))
        }
        own: dict[int | None, list[OwnLimit]] = {}
        for each in OwnLimit.objects.filter(account__in=ids.values()):
            own.setdefault(each.account_id, []).append(each)
        found = {}
        for key, account in ids.items():
            row, theirs = rows.get(account), own.get(account, [])
            halt = (desk_limits(row).halt if row else None) or own_limits(theirs, now).halt
            moments = [each.set_at for each in (row, *theirs) if each is not None]
            turned = [each.next_at for each in theirs if each.next_at is not None and each.next_at <= now]
            found[key] = halt, max(map(micros, [*moments, *turned]), default=0)
        return found

    def load(self, key: str) -> tuple[Halt | None, int]:
        return self.load_many([key])[key]

    def context(self, key: str, facts: tuple[Halt | None, int]) -> dict[str, Any]:
        halt, ts = facts
        return {"key": key, "halt": halt, "ts": ts}


register(HaltFragment())
