"""Who may be whom: sessions are made by Discord and the demo, never from a password."""

from __future__ import annotations

from typing import Any

from allauth.account.auth_backends import AuthenticationBackend
from django.http import HttpRequest


class NoPasswords(AuthenticationBackend):  # type: ignore[misc]
    """Permissions and users as ever, but no credentials are believed."""

    def authenticate(self, request: HttpRequest | None, **credentials: Any) -> None:
        return None
