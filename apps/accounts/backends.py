"""Who may be whom: sessions are made by Discord and the demo, never from a password."""

from __future__ import annotations

from typing import Any

from allauth.account.auth_backends import AuthenticationBackend
from django.db.models import BigIntegerField
from django.http import HttpRequest

from apps.live.prepared import Given, PreparedRead

from .models import User

USER = PreparedRead(lambda: User.objects.filter(pk=Given("user", BigIntegerField())))


class NoPasswords(AuthenticationBackend):  # type: ignore[misc]
    """Permissions and users as ever, but no credentials are believed."""

    def get_user(self, user_id: int) -> User | None:
        """Who a session says that asks; nobody where that user may not sign in any more."""
        user = USER.first(user=user_id)
        return user if user and self.user_can_authenticate(user) else None

    def authenticate(self, request: HttpRequest | None, **credentials: Any) -> None:
        return None
