"""What keeps the start, in words; and what a deploy should know of its keys."""

from __future__ import annotations

import re
from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register

from .keys import KMS, is_guessable, key_bytes

MAKE = "python -c 'import base64, os; print(base64.b64encode(os.urandom(32)).decode())'"
KMS_KEY = re.compile(r"[A-Za-z0-9:/_-]+")


def problem_of(key: str, fallbacks: Sequence[str], kms: str, signing: Sequence[str], served: bool) -> str:
    """Why these keys cannot be used, beginning with the setting's name; nothing where they can.

    `signing` are SECRET_KEY and its fallbacks; `served`: others than a developer reach this desk.
    """
    if not key and not kms:
        return f"ENCRYPTION_KEY is missing: set it to 32 random bytes as base64 ({MAKE})"
    if kms and not KMS_KEY.fullmatch(kms):
        return "ENCRYPTION_KMS_KEY_ID must be a key id, an ARN or alias/NAME"
    former = [each for each in fallbacks if not (each.startswith(KMS) and KMS_KEY.fullmatch(each))]
    given = [("ENCRYPTION_KEY", key)] if key else []
    for name, each in [*given, *[("ENCRYPTION_KEY_FALLBACKS", other) for other in former]]:
        try:
            data = key_bytes(each)
        except ValueError as error:
            return f"{name} {error}: set it to 32 random bytes as base64 ({MAKE})"
        if not served or name != "ENCRYPTION_KEY":
            continue  # former ones may be whatever they were
        if each in signing or data in [other.encode() for other in signing]:
            return f"ENCRYPTION_KEY is SECRET_KEY: whoever learns one would have both; make another ({MAKE})"
        if is_guessable(data):
            return f"ENCRYPTION_KEY is a development key, or typed by hand: make a random one ({MAKE})"
    return ""


@register("security", deploy=True)
def check_keys(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """As at the start, whatever DEBUG says; and former keys that are still about."""
    signing = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    fallbacks, kms = settings.ENCRYPTION_KEY_FALLBACKS, settings.ENCRYPTION_KMS_KEY_ID
    found: list[CheckMessage] = []
    if problem := problem_of(settings.ENCRYPTION_KEY, fallbacks, kms, signing, served=True):
        found.append(Error(problem, id="secrets.E001"))
    if fallbacks:
        hint = "Once `manage.py rotate_secrets` has ended well, and no backup needs them, take them out."
        found.append(Warning("ENCRYPTION_KEY_FALLBACKS still holds former keys", hint=hint, id="secrets.W001"))
    return found


@register("security")
def check_kms(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Without boto3 nothing that KMS wrapped would open."""
    asked = settings.ENCRYPTION_KMS_KEY_ID or any(each.startswith(KMS) for each in settings.ENCRYPTION_KEY_FALLBACKS)
    if asked and find_spec("boto3") is None:
        hint = "pip install --require-hashes -r requirements-kms.txt"
        return [Error("AWS KMS is asked for, and boto3 is not installed", hint=hint, id="secrets.E002")]
    return []
