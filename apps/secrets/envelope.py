"""A secret in its envelope: sealed under a data key of its own, which a key of the installation wraps.

`1.KEY_ID.WRAPPED.SEALED`: the version, who wrapped, the wrapped data key, and nonce and ciphertext with its tag, the
last two as base64url without padding. AES-256-GCM (NIST SP 800-38D); the place is associated data of both layers.
"""

from __future__ import annotations

import base64
import binascii
import os
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.views.decorators.debug import sensitive_variables

from .keys import KEY_BYTES, NONCE_BYTES, keyring
from .places import Place
from .refusals import Malformed, NotOpened

VERSION = "1"


@dataclass(frozen=True, slots=True)
class Envelope:
    key_id: str
    wrapped: bytes
    sealed: bytes

    def __str__(self) -> str:
        return ".".join([VERSION, self.key_id, as_text(self.wrapped), as_text(self.sealed)])


@sensitive_variables()
def seal(text: str, place: Place) -> str:
    """Another text each time. Raises Unavailable."""
    key = keyring().newest
    data_key, nonce = AESGCM.generate_key(KEY_BYTES * 8), os.urandom(NONCE_BYTES)
    sealed = AESGCM(data_key).encrypt(nonce, text.encode(), place.bytes_with(VERSION))
    return str(Envelope(key.id, key.wrap(data_key, place), nonce + sealed))


@sensitive_variables()
def unseal(stored: str, place: Place) -> str:
    """Raises Malformed, UnknownKey, NotOpened or Unavailable."""
    envelope = envelope_of(stored)
    data_key = keyring().of(envelope.key_id).unwrap(envelope.wrapped, place)
    nonce, sealed = envelope.sealed[:NONCE_BYTES], envelope.sealed[NONCE_BYTES:]
    try:
        return AESGCM(data_key).decrypt(nonce, sealed, place.bytes_with(VERSION)).decode()
    except (InvalidTag, ValueError):
        raise NotOpened("it was changed, or belongs elsewhere") from None


def envelope_of(stored: str) -> Envelope:
    """Raises Malformed; says nothing of whether it opens."""
    version, *parts = stored.split(".")
    if version != VERSION or len(parts) != 3:
        raise Malformed("it is no sealed text of this version")
    return Envelope(parts[0], as_bytes(parts[1]), as_bytes(parts[2]))


def key_of(stored: str) -> str:
    """The id of the key that it is sealed under. Raises Malformed."""
    return envelope_of(stored).key_id


def as_text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def as_bytes(text: str) -> bytes:
    """The one spelling of each: base64 itself lets the last character differ without a difference."""
    try:
        data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        raise Malformed("it is not base64") from None
    if as_text(data) != text:
        raise Malformed("it is not base64 as it is written here")
    return data
