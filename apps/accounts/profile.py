"""What of a person's Discord profile is shown, made safe first."""

from __future__ import annotations

import re
import unicodedata

SNOWFLAKE = re.compile(r"[0-9]{17,20}")
AVATAR_HASH = re.compile(r"(a_)?[0-9a-f]{32}")
LONGEST_NAME = 32


def clean_name(text: object) -> str:
    """One line of visible characters, at most 32: no control, bidi, zero-width or private ones."""
    normal = unicodedata.normalize("NFKC", text if isinstance(text, str) else "")
    spaced = "".join(" " if unicodedata.category(c).startswith("Z") else c for c in normal)
    visible = "".join(c for c in spaced if not unicodedata.category(c).startswith("C"))
    return " ".join(visible.split())[:LONGEST_NAME].rstrip()


def avatar_url(uid: str, avatar: object) -> str:
    """Discord's address of an avatar, built only from a snowflake and a hash; empty when either is odd."""
    if isinstance(avatar, str) and AVATAR_HASH.fullmatch(avatar) and SNOWFLAKE.fullmatch(uid):
        return f"https://cdn.discordapp.com/avatars/{uid}/{avatar}.png?size=64"
    return ""


def initials(name: str) -> str:
    """What stands in for an avatar: the first letters of the first two words."""
    words = [word for word in re.split(r"[\W_]+", name) if word]
    return "".join(word[0] for word in words[:2]).upper() or "?"
