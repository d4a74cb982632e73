"""Whether a user's pages may have a live line: by the admin's switch while there is one, else by the environment."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from django.conf import settings

from .codes import SWITCHED_OFF
from .kept import Kept
from .models import Switch
from .readers import on_reader

if TYPE_CHECKING:
    from .hub import Hub

KEY = b"live-ws"  # fixed: with another key other users would be chosen
KEPT_SECONDS = 1.0


@lru_cache(maxsize=100_000)
def place(user_id: int) -> float:
    """The user's place among all, from 0 to 100: even, and unlike the order of the ids."""
    digest = hmac.new(KEY, str(user_id).encode(), hashlib.sha256).digest()
    return int.from_bytes(digest[:6]) * 100 / 2**48


@dataclass(frozen=True)
class Rule:
    on: bool
    share: int

    def allows(self, user_id: int) -> bool:
        return self.on and place(user_id) < self.share


def present_rule() -> Rule:
    """Reads the database."""
    row = Switch.objects.filter(name=Switch.Name.LIVE_WS).first()
    return Rule(row.on, row.share) if row else Rule(settings.LIVE_WS, settings.LIVE_WS_SHARE)


kept = Kept(present_rule, KEPT_SECONDS)  # pages that come back by the hundred ask it each


def may_go_live(user_id: int) -> bool:
    """As of a second ago at most."""
    return kept.present().allows(user_id)


async def close_switched_off(hub: Hub) -> None:
    """Has the pages of users who are switched off poll from now on."""
    if not hub.viewers:
        return
    rule = await on_reader(kept.present)
    for viewer in [one for one in hub.viewers if not rule.allows(one.user_id)]:
        hub.leave(viewer)
        viewer.close(SWITCHED_OFF.close)
