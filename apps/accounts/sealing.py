"""Text that only this installation can read again."""

from __future__ import annotations

import base64
import hashlib

from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings


def lock() -> MultiFernet:
    """Seals with SECRET_KEY; opens what SECRET_KEY_FALLBACKS sealed too."""
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    digests = (hashlib.sha256(b"livedesk.sealing:" + key.encode()).digest() for key in keys)
    return MultiFernet([Fernet(base64.urlsafe_b64encode(digest)) for digest in digests])


def seal(text: str) -> str:
    return lock().encrypt(text.encode()).decode()


def unseal(sealed: str) -> str:
    return lock().decrypt(sealed.encode()).decode()
