"""Something that everybody asks for, read once in a while for all of them."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Kept(Generic[T]):
    """What `read` gave, as of so many seconds ago at most; for this process alone."""

    def __init__(self, read: Callable[[], T], seconds: float) -> None:
        self.read, self.seconds = read, seconds
        self.last: tuple[T, float] | None = None

    def present(self) -> T:
        last = self.last
        return self.fresh() if last is None or time.monotonic() - last[1] >= self.seconds else last[0]

    def fresh(self) -> T:
        now, found = time.monotonic(), self.read()
        self.last = found, now
        return found

    def forget(self) -> None:
        self.last = None
