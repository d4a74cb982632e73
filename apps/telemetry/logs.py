"""What every log line holds: time, level, where, what, and the ids of who asked; as JSON or for a person's eyes."""

from __future__ import annotations

from collections.abc import Iterable, MutableMapping
from typing import Any

import structlog

from .redaction import Redaction

FORMATS = ("json", "line")

bound = structlog.contextvars.bound_contextvars
"""`with bound(order=…)`: what is logged meanwhile, in this task or thread, names it."""
bind = structlog.contextvars.bind_contextvars


def bound_id(name: str) -> str:
    """What is bound by that name in this task or thread; empty where nothing is."""
    return str(structlog.contextvars.get_contextvars().get(name, ""))


ADDED = structlog.stdlib.ExtraAdder()


def in_line(logger: Any, method: str, event: MutableMapping[str, Any]) -> str:
    """`2026-11-27 19:39:24,844 ERROR apps.live.hub what happened request=…`; a line break within stays on its line."""
    said = dict(event)
    head = [said.pop(name, "") for name in ("at", "level", "logger")]
    what, trace = str(said.pop("event", "")), said.pop("exception", "")
    ids = [f"{name}={value}" for name, value in said.items()]
    line = " ".join([*map(str, head), *[part.replace("\r", "\\r").replace("\n", "\\n") for part in (what, *ids)]])
    return f"{line}\n{trace}" if trace else line


def without_objects(logger: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Django adds the whole request to its lines; what stands under that name here is the request's id."""
    if not isinstance(event.get("request", ""), str):
        del event["request"]
    return event


def upper_level(logger: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    event["level"] = str(event.get("level", "")).upper()
    return event


def logging_of(level: str, form: str, secrets: Iterable[str]) -> dict[str, Any]:
    """What `logging.config.dictConfig` takes. `form` is one of FORMATS; none of the secrets is ever written."""
    utc = structlog.processors.TimeStamper(fmt="iso", utc=True, key="at")
    before = [
        ADDED,
        without_objects,
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        utc,
    ]
    last = [structlog.processors.JSONRenderer()] if form == "json" else [upper_level, in_line]
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": before,
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    structlog.processors.format_exc_info,
                    Redaction(secrets),
                    *last,
                ],
            }
        },
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["console"], "level": level},
        "loggers": {
            "django": {"handlers": [], "level": "INFO", "propagate": True},
            "daphne": {"level": "WARNING"},
            "django.channels.server": {"level": "WARNING"},
            "channels_redis": {"level": "CRITICAL"},  # the link tells once what this would repeat each second
        },
    }
