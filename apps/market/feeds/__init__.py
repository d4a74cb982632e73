"""Feeds of one shape. To add one, copy the nearest and run tests/contracts against it."""

from __future__ import annotations

from .base import Feed, FeedError, Listing, Session, Tick
from .setting import feed_from_setting

__all__ = ["Feed", "FeedError", "Listing", "Session", "Tick", "feed_from_setting"]
