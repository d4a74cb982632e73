"""Whether new orders are stopped, shown where they are typed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils import timezone

from apps.desk.limits import Halt
from apps.live.activity import last_told_or_joined
from apps.live.fragments import Fragment, register
from apps.live.models import Stream
from apps.live.moments import micros
from apps.live.topics import DESK_STREAM
from apps.portfolio.models import Account

from .models import OwnLimit, RiskLimits
from .queries import desk_limits, own_limits

WHOLE_DESK = "desk"


class HaltFragment(Fragment):
    """`halt/desk` is everybody's, `halt/<account>` that of one account, by an admin or by its owner."""

    kind = "halt"
    template = "risk/_halt.html"

    def load_many(self, keys: Sequence[str]) -> dict[str, tuple[Halt | None, int]]:
        whole, accounts = self.of_desk(), self.of_accounts([int(key) for key in keys if key != WHOLE_DESK])
        return {key: whole if key == WHOLE_DESK else accounts[int(key)] for key in keys}

    def load(self, key: str) -> tuple[Halt | None, int]:
        return self.load_many([key])[key]

    def of_desk(self) -> tuple[Halt | None, int]:
        told = Stream.objects.filter(name=DESK_STREAM).values_list("at", flat=True).first()
        row = RiskLimits.objects.filter(account=None).first()
        return (desk_limits(row).halt if row else None), micros(told) if told else 0

    def of_accounts(self, ids: Sequence[int]) -> Mapping[int, tuple[Halt | None, int]]:
        users = dict(Account.objects.filter(pk__in=ids).values_list("pk", "user_id"))
        told, now = last_told_or_joined(users.values()), timezone.now()
        halts = {row.account_id: desk_limits(row).halt for row in RiskLimits.objects.filter(account__in=ids)}
        own: dict[int, list[OwnLimit]] = {}
        for row in OwnLimit.objects.filter(account__in=ids):
            own.setdefault(row.account_id, []).append(row)
        return {pk: (halts.get(pk) or own_limits(own.get(pk, ()), now).halt, told[user]) for pk, user in users.items()}

    def context(self, key: str, facts: tuple[Halt | None, int]) -> dict[str, Any]:
        halt, ts = facts
        return {"key": key, "halt": halt, "ts": ts}


register(HaltFragment())
