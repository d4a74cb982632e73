"""Encryption keys for processes that tests start; random once, so that they pass for real ones."""

from __future__ import annotations

import base64
import hashlib


def key_named(name: str) -> str:
    """The same name, the same key: 32 bytes as base64, as ENCRYPTION_KEY takes them."""
    return base64.b64encode(hashlib.sha256(f"a key of the tests' own: {name}".encode()).digest()).decode()


ENCRYPTION_KEY = key_named("the usual one")
