"""Who wraps data keys: a key of this installation's own, or one that AWS KMS keeps; the newest, and former ones."""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

from .kms import KmsKey
from .places import Place
from .refusals import NotOpened, UnknownKey

KEY_BYTES, NONCE_BYTES = 32, 12
KMS = "kms:"
DEVELOPMENT_KEY = base64.b64encode(b"livedesk-development-key-32bytes").decode()
"""For who must write one down somewhere; refused where others are served."""
FEWEST_BYTES = 16  # 32 random bytes have some 30 different ones among them, and never so few


class KeyProvider(Protocol):
    """Wraps the data key of one secret for one place. `id` is written beside what it wrapped, and holds no dot."""

    @property
    def id(self) -> str: ...

    def wrap(self, data_key: bytes, place: Place) -> bytes:
        """Raises Unavailable."""

    def unwrap(self, wrapped: bytes, place: Place) -> bytes:
        """Raises NotOpened or Unavailable."""


@dataclass(frozen=True)
class LocalKey:
    """AES-256-GCM under 32 bytes of our own; good for 2**32 wraps with random nonces (NIST SP 800-38D, 8.3)."""

    key: bytes = field(repr=False)

    @property
    def id(self) -> str:
        return f"local-{hashlib.sha256(b'livedesk.key-id:' + self.key).hexdigest()[:16]}"

    def wrap(self, data_key: bytes, place: Place) -> bytes:
        nonce = os.urandom(NONCE_BYTES)
        return nonce + AESGCM(self.key).encrypt(nonce, data_key, place.bytes_with("key", self.id))

    def unwrap(self, wrapped: bytes, place: Place) -> bytes:
        nonce, rest = wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:]
        try:
            return AESGCM(self.key).decrypt(nonce, rest, place.bytes_with("key", self.id))
        except (InvalidTag, ValueError):
            raise NotOpened("the data key does not open here") from None


@dataclass(frozen=True)
class Keyring:
    """Seals under the newest, opens under any."""

    newest: KeyProvider
    former: Mapping[str, KeyProvider]

    def of(self, key_id: str) -> KeyProvider:
        """Raises UnknownKey."""
        if key_id == self.newest.id:
            return self.newest
        try:
            return self.former[key_id]
        except KeyError:
            raise UnknownKey(f"it is sealed under {key_id}, which is no key of this desk") from None


def keyring() -> Keyring:
    """The keys of the settings."""
    fallbacks = tuple(settings.ENCRYPTION_KEY_FALLBACKS)
    return ring_of(settings.ENCRYPTION_KEY, fallbacks, settings.ENCRYPTION_KMS_KEY_ID)


@lru_cache(maxsize=4)
def ring_of(key: str, fallbacks: tuple[str, ...], kms_key_id: str) -> Keyring:
    """Where there is a KMS key it is the newest, and `key` opens what it sealed before. Raises ValueError."""
    named = [f"{KMS}{kms_key_id}"] if kms_key_id else []
    newest, *former = [provider_of(each) for each in (*named, *([key] if key else []), *fallbacks)]
    return Keyring(newest, {each.id: each for each in former})


def provider_of(text: str) -> KeyProvider:
    """`kms:KEY_ID`, or 32 bytes as base64. Raises ValueError."""
    return KmsKey(text.removeprefix(KMS)) if text.startswith(KMS) else LocalKey(key_bytes(text))


def key_bytes(text: str) -> bytes:
    """Raises ValueError for what is not 32 bytes as base64; its words do not repeat the text."""
    try:
        key = base64.b64decode(text.replace("-", "+").replace("_", "/"), validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("is not base64") from None
    if len(key) != KEY_BYTES:
        raise ValueError(f"holds {len(key)} bytes; it must hold {KEY_BYTES}")
    return key


def is_guessable(key: bytes) -> bool:
    """Typed by hand, or copied from a document: random bytes are neither all printable nor nearly all the same."""
    return len(set(key)) < FEWEST_BYTES or all(32 <= byte < 127 for byte in key)


def new_key() -> str:
    return base64.b64encode(os.urandom(KEY_BYTES)).decode()
