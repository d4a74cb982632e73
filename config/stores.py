"""Where data are kept: the database, the cache and the channel layer, as DATABASE_URL and REDIS_URL say."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from config.environment import env


def check_addresses(database_url: str, redis_url: str) -> None:
    """Raises ImproperlyConfigured, with a text that holds no password."""
    if database_url and not database_url.startswith(("postgres://", "postgresql://", "sqlite:///")):
        raise ImproperlyConfigured("DATABASE_URL must begin with postgres:// or sqlite:///")
    if redis_url and not redis_url.startswith(("redis://", "rediss://", "unix://")):
        raise ImproperlyConfigured("REDIS_URL must begin with redis:// or rediss://")
    for name, url in {"DATABASE_URL": database_url, "REDIS_URL": redis_url}.items():
        try:
            urlsplit(url).port  # noqa: B018 -- raises
        except ValueError:
            raise ImproperlyConfigured(f"{name} names no port from 0 to 65535 after its host") from None


def database_of(url: str, var_dir: Path) -> dict[str, Any]:
    """Without an address it is a file in the folder."""
    database: dict[str, Any] = env.db_url_config(url or f"sqlite:///{var_dir / 'livedesk.sqlite3'}")
    if database["ENGINE"].endswith("sqlite3"):
        database["CONN_MAX_AGE"] = None  # a file costs nothing to keep open; opening it costs more than most queries
        var_dir.mkdir(parents=True, exist_ok=True)
        database["OPTIONS"] = {
            "transaction_mode": "IMMEDIATE",
            "timeout": 10,
            "init_command": "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;PRAGMA foreign_keys=ON",
        }
        # A file, so that the threads and processes of a test see one database
        database["TEST"] = {"NAME": env.str("TEST_SQLITE", default=str(var_dir / "test.sqlite3"))}
    else:
        database["ENGINE"] = "config.postgres"  # keeps idle connections by itself
        database["CONN_MAX_AGE"] = 0
        patience = {"connect_timeout": 3, "keepalives_idle": 5, "keepalives_interval": 3, "keepalives_count": 3}
        database["OPTIONS"] = {**patience, "tcp_user_timeout": 10_000, **database.get("OPTIONS", {})}
    return database


def cache_of(redis_url: str) -> dict[str, Any]:
    if not redis_url:
        return {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
    return {"BACKEND": "config.cache.SharedCache", "LOCATION": redis_url}


def redis_host_of(url: str) -> dict[str, Any]:
    # redis-py's own socket timeout would end every idle reading after 5 s (django/channels_redis#422)
    return {"address": url, "socket_timeout": 15, "socket_connect_timeout": 3, "health_check_interval": 10}


def layers_of(host: dict[str, Any]) -> dict[str, Any]:
    if not host["address"]:
        return {}
    return {"default": {"BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer", "CONFIG": {"hosts": [host]}}}
