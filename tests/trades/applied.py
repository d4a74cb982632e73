"""Corporate actions as a desk's turn applies them, without the desk."""

from __future__ import annotations

from datetime import datetime
from functools import partial

from apps.desk.instrument import Renamed
from apps.desk.position import Split
from apps.trades import corporate


def apply_due(now: datetime) -> list[Split | Renamed]:
    """All that is due, one after the other; says which splits and changes of symbols were."""
    return list(iter(partial(corporate.apply_next, now, now), None))
