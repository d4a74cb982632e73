"""The only writer of limits."""

from __future__ import annotations

from django.utils import timezone

from apps.accounts.models import User

from .models import RiskLimits


def save_limits(limits: RiskLimits, by: User) -> None:
    """Holds from the next order on, whichever process takes it."""
    limits.set_by, limits.set_at = by, timezone.now()
    limits.save()
