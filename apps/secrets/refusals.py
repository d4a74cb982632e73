"""Why a secret cannot be had. None of the words holds a secret, a key, or what was stored."""

from __future__ import annotations


class SecretError(Exception):
    """Whatever keeps a secret from being sealed or opened."""


class Malformed(SecretError):
    """What is stored is no sealed text of a version that is known here."""


class UnknownKey(SecretError):
    """It is sealed under a key that is neither the newest nor among the former ones."""


class NotOpened(SecretError):
    """It was changed, or moved from another row or column, or sealed under another key of that id."""


class Unavailable(SecretError):
    """The service that keeps the key does not answer, or refuses; it may work later."""


class Unbound(SecretError):
    """A secret is sealed for one row, and here is none: new rows go through `HoldsSecrets.save`, one at a time."""
