"""Secrets of second factors, which allauth keeps in a JSON column of its own."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from typing import Any

from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings

from apps.secrets import envelope
from apps.secrets.holders import Change
from apps.secrets.places import Place
from apps.secrets.refusals import Malformed, NotOpened

# allauth asks for the seal before there is a row, so this binds to the column alone
PLACE = Place("mfa.authenticator", "*", "data")
SEALED = {"secret", "seed", "migrated_codes"}


def seal(text: str) -> str:
    return envelope.seal(text, PLACE)


def unseal(stored: str) -> str:
    """Opens what 0.1 sealed too, until `rotate_secrets` has sealed it anew. Raises SecretError."""
    try:
        envelope.envelope_of(stored)
    except Malformed:
        return opened_by_signing_key(stored)
    return envelope.unseal(stored, PLACE)


def opened_by_signing_key(stored: str) -> str:
    """0.1 sealed with Fernet under SECRET_KEY, or one of SECRET_KEY_FALLBACKS. Raises NotOpened."""
    lock = MultiFernet([Fernet(fernet_key(key)) for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)])
    try:
        return lock.decrypt(stored.encode()).decode()
    except InvalidToken:
        raise NotOpened("neither an encryption key nor SECRET_KEY opens it") from None


def fernet_key(key: str) -> bytes:
    return base64.urlsafe_b64encode(hashlib.sha256(b"livedesk.sealing:" + key.encode()).digest())


@dataclass(frozen=True)
class SecondFactors:
    """The sealed texts within `Authenticator.data`: of TOTP the secret, of recovery codes the seed or the codes."""

    model: type[Authenticator] = Authenticator
    column: str = "data"

    def changed(self, row: Authenticator, change: Change) -> dict[str, Any]:
        def put(value: Any) -> Any:
            return [change(each, PLACE) for each in value] if isinstance(value, list) else change(value, PLACE)

        return {name: put(value) if name in SEALED else value for name, value in row.data.items()}

    def open(self, stored: str, place: Place) -> str:
        return unseal(stored)
