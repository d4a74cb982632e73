"""Direct messages of Discord, written by the application's bot.

https://discord.com/developers/docs/resources/user#create-dm gives the channel that the two have, or makes it;
https://discord.com/developers/docs/resources/message#create-message writes there.
"""

from __future__ import annotations

import hashlib
import json
import logging
import math
from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings
from django.core.cache import cache

from apps import telemetry
from apps.accounts.discord import api_base
from apps.accounts.profile import SNOWFLAKE

from . import words
from .outgoing import LONGEST_WAIT_S, Answer, Busy, Failed, Unsendable, exchange, judge

log = logging.getLogger(__name__)

AGENT = f"DiscordBot (https://livedesk.invalid, {settings.RELEASE})"  # Discord wants an address in it
TAKES_NONE = frozenset({50007, 50278})
"""Cannot send messages to this user; … due to having no mutual guilds."""
NO_CHANNEL = frozenset({10003, 50001})
"""Unknown channel; missing access."""
KEPT_SECONDS = 30 * 24 * 3600
refused: set[str] = set()


class Unreachable(Unsendable):
    """Discord lets the bot write nothing to this one, until that one changes it."""


class NoChannel(Unsendable):
    """There is no such channel, or it is none of the bot's."""


def to_direct(recipient: str, lines: Sequence[str]) -> None:
    """Raises Unsendable, Unreachable or Failed."""
    if not settings.DISCORD_BOT_TOKEN:
        raise Unsendable("DISCORD_BOT_TOKEN is not set, so no direct message can be sent")
    if not SNOWFLAKE.fullmatch(recipient):
        raise Unsendable("the account has no Discord id")
    known, message = cache.get(kept_as(recipient)), words.discord(lines)
    try:
        write(known or channel_of(recipient), message)
    except NoChannel:
        if known is None:
            raise
        write(channel_of(recipient), message)
    refused.clear()


def write(channel: str, message: Mapping[str, Any]) -> None:
    asked(f"/channels/{channel}/messages", message)


def channel_of(recipient: str) -> str:
    """Asked of Discord, and kept for the next time."""
    channel = str(asked("/users/@me/channels", {"recipient_id": recipient}).get("id"))
    if not SNOWFLAKE.fullmatch(channel):
        raise Failed("Discord's answer names no channel")
    cache.set(kept_as(recipient), channel, KEPT_SECONDS)
    return channel


def kept_as(recipient: str) -> str:
    """A channel is of two: another bot has another one."""
    bot = hashlib.sha256(settings.DISCORD_BOT_TOKEN.encode()).hexdigest()[:16]
    return f"discord-channel:{bot}:{recipient}"


def asked(path: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """What Discord answers to the bot."""
    headers = {"Authorization": f"Bot {settings.DISCORD_BOT_TOKEN}", "User-Agent": AGENT}
    answer = exchange(f"{api_base()}{path}", body, headers)
    said = object_in(answer)
    if answer.status == 401:
        raise of_no_bot()
    if answer.status == 403 and said.get("code") in TAKES_NONE:
        raise Unreachable("Discord lets the desk's bot write to this trader no more")
    if answer.status in {403, 404} and said.get("code") in NO_CHANNEL:
        raise NoChannel(f"Discord answered {answer.status}: no such channel")
    if answer.status == 429:
        raise Busy("Discord answered 429", max(answer.after or 0.0, seconds(said.get("retry_after"))))
    judge(answer)
    return said


def of_no_bot() -> Failed:
    """The operator's to mend: what is to be sent waits. Counted each time, told once until a message goes through."""
    telemetry.faults.labels("discord bot").inc()
    if not refused:
        log.error("Discord answers 401: DISCORD_BOT_TOKEN is no bot's token, or no more. Set it to the bot's own")
    refused.add("bot")
    return Failed("Discord refused the desk's own bot")


def object_in(answer: Answer) -> dict[str, Any]:
    try:
        said = json.loads(answer.body)
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


def seconds(said: object) -> float:
    """A wait within bounds; none for what is no number."""
    is_number = isinstance(said, int | float) and math.isfinite(said)
    return min(max(float(said), 0.0), LONGEST_WAIT_S) if is_number else 0.0  # type: ignore[arg-type]
