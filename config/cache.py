"""The cache that all processes share, and this process's own while Redis is away: a counter must never fail a page."""

from __future__ import annotations

import logging
import time
from typing import Any

from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache
from redis import RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry

log = logging.getLogger(__name__)

BUDGET = 0.25
REST = 1.0
_rests_until = 0.0


class SharedCache(RedisCache):
    """Redis within a time budget; after a failure it is left alone for a second."""

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        patience = {"socket_timeout": BUDGET, "socket_connect_timeout": BUDGET, "retry": Retry(NoBackoff(), 0)}
        super().__init__(server, {**params, "OPTIONS": {**patience, **params.get("OPTIONS", {})}})
        self.own = LocMemCache("own", {})

    def ask(self, name: str, *args: Any, **kwargs: Any) -> Any:
        global _rests_until
        if time.monotonic() >= _rests_until:
            try:
                return getattr(RedisCache, name)(self, *args, **kwargs)
            except RedisError as error:
                log.warning("the shared cache failed: %r; counting in this process", error)
                _rests_until = time.monotonic() + REST
            except ValueError:  # it was counted here while Redis was away
                if not self.own.has_key(args[0]):
                    raise
        return getattr(self.own, name)(*args, **kwargs)

    def add(self, *args: Any, **kwargs: Any) -> Any:
        return self.ask("add", *args, **kwargs)

    def get(self, *args: Any, **kwargs: Any) -> Any:
        return self.ask("get", *args, **kwargs)

    def set(self, *args: Any, **kwargs: Any) -> Any:
        return self.ask("set", *args, **kwargs)

    def touch(self, *args: Any, **kwargs: Any) -> Any:
        return self.ask("touch", *args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> Any:
        return self.ask("delete", *args, **kwargs)

    def has_key(self, *args: Any, **kwargs: Any) -> Any:
        return self.ask("has_key", *args, **kwargs)

    def incr(self, *args: Any, **kwargs: Any) -> Any:
        return self.ask("incr", *args, **kwargs)

    def get_many(self, *args: Any, **kwargs: Any) -> Any:
        return self.ask("get_many", *args, **kwargs)

    def set_many(self, *args: Any, **kwargs: Any) -> Any:
        return self.ask("set_many", *args, **kwargs)

    def delete_many(self, *args: Any, **kwargs: Any) -> Any:
        return self.ask("delete_many", *args, **kwargs)

    def clear(self) -> Any:
        self.own.clear()
        return self.ask("clear")
