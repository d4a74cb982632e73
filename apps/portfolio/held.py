"""What an account held back for working orders at a moment of the past."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import F, Sum

from apps.desk.money import ZERO

from .models import HoldChange

LONGEST_WAIT = timedelta(hours=1)
"""For an account's lock: so much earlier than a change that was made before it the moment of a change may be."""


def held_back(account_id: int, at: datetime) -> Decimal | None:
    """For orders that open, by changes of moments up to then (USD). None where a change about then is not kept."""
    changes = HoldChange.objects.filter(account=account_id)
    begins = changes.filter(at__gt=at).order_by("at").values_list("at", flat=True).first()
    if begins is None:
        return held_now(account_id)
    first = changes.filter(at__gt=at, at__lte=begins + LONGEST_WAIT).earliest("id")
    before = changes.filter(id__lt=first.pk).order_by("-id").first()
    if before is None or before.reserved != first.was:
        return None
    late = changes.filter(id__gt=first.pk, at__gt=at - LONGEST_WAIT, at__lte=at)
    sums = late.aggregate(to=Sum("reserved"), was=Sum("was"))
    held: Decimal = first.was + (sums["to"] or ZERO) - (sums["was"] or ZERO)
    return held


def held_now(account_id: int) -> Decimal | None:
    """None where the newest change is not kept."""
    newest = HoldChange.objects.filter(account=account_id, account__reserved=F("reserved"))
    last = HoldChange.objects.filter(account=account_id).order_by("-id").values("id")[:1]
    return newest.filter(id__in=last).values_list("reserved", flat=True).first()
