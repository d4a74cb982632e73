"""Whether DATABASE_URL and REDIS_URL lead anywhere, asked where a process begins to serve, and ADMIN_PATH does."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from typing import Any

import redis
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import DatabaseError, connections
from django.urls import resolve, reverse
from redis.backoff import NoBackoff
from redis.retry import Retry

ANSWERS_WITHIN = 3.0


def first_line(error: BaseException) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)


@register(Tags.database)
def check_database(app_configs: Any, databases: Sequence[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """Without its database a process can do nothing at all."""
    found: list[CheckMessage] = []
    for alias in databases or ():
        try:
            connections[alias].ensure_connection()
        except DatabaseError as error:
            hint = "It is postgres://user:password@host:port/name, and the server must let this machine in."
            found.append(Error(f"DATABASE_URL cannot be used: {first_line(error)}", hint=hint, id="config.E001"))
        finally:
            connections[alias].close()
    return found


@register(Tags.database)
def check_redis(app_configs: Any, databases: Sequence[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """A name that is none and a server that refuses are mistakes; one that is silent may come back later."""
    if not databases or not settings.REDIS_URL:
        return []
    patience = {"socket_timeout": ANSWERS_WITHIN, "socket_connect_timeout": ANSWERS_WITHIN}
    try:
        with redis.Redis.from_url(settings.REDIS_URL, retry=Retry(NoBackoff(), 0), **patience) as client:
            client.ping()
    except (redis.RedisError, ValueError) as error:
        away = isinstance(error, redis.ConnectionError | redis.TimeoutError)
        refused = isinstance(error, redis.AuthenticationError | redis.InvalidResponse)
        if away and not refused and not isinstance(error.__cause__ or error.__context__, socket.gaierror):
            hint = "Pages stay true by looking once a second; quotes come by the database."
            return [Warning(f"REDIS_URL: nobody answers yet: {first_line(error)}", hint=hint, id="config.W001")]
        hint = "It is redis://:password@host:port/number, or rediss:// for TLS."
        return [Error(f"REDIS_URL cannot be used: {first_line(error)}", hint=hint, id="config.E002")]
    return []


@register(Tags.urls)
def check_admin_path(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Pages come first: where one has the admin's address, the admin would not be there."""
    if "admin" in resolve(reverse("admin:index")).app_names:
        return []
    hint = "Choose one that no page begins with, such as back-office/."
    return [Error(f"ADMIN_PATH is {settings.ADMIN_PATH!r}, where another page is", hint=hint, id="config.E003")]
