"""What one symbol is bid, offered and last traded at, and since when we know."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Quote:
    """Prices in the instrument's currency, sizes in shares; `received_at` is the server's clock, `venue_at` the
    venue's.

    What every account that holds the symbol asks of it is worked out once.
    """

    symbol: str
    bid: Decimal
    ask: Decimal
    bid_size: Decimal
    ask_size: Decimal
    last: Decimal
    venue_at: datetime
    received_at: datetime
    mark: Decimal = field(init=False, compare=False, repr=False)
    """The price used to value: the last trade while it lies within bid and ask, else the middle."""
    received_us: int = field(init=False, compare=False, repr=False)
    """Whole microseconds since the Unix epoch, by integers: a float would round."""

    def __post_init__(self) -> None:
        try:
            sane = 0 < self.bid <= self.ask and self.last > 0 and self.bid_size >= 0 and self.ask_size >= 0
        except InvalidOperation:
            sane = False
        if not sane:
            raise ValueError(
                f"{self.symbol}: bid {self.bid} ask {self.ask} last {self.last}"
                f" sizes {self.bid_size} {self.ask_size}: needs 0 < bid <= ask, last > 0, sizes >= 0"
            )
        if self.venue_at.tzinfo is None or self.received_at.tzinfo is None:
            raise ValueError(f"{self.symbol}: a quote's times carry their zone")
        mark = self.last if self.bid <= self.last <= self.ask else self.mid
        object.__setattr__(self, "mark", mark)
        since = self.received_at - EPOCH
        object.__setattr__(self, "received_us", (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds)

    @property
    def mid(self) -> Decimal:
        return (self.bid + self.ask) / 2

    @property
    def spread(self) -> Decimal:
        return self.ask - self.bid

    def age_ms(self, now: datetime) -> int:
        """Whole milliseconds since it came; 0 when `now` is before that."""
        age = now - self.received_at
        return max(0, (age.days * 86_400 + age.seconds) * 1000 + age.microseconds // 1000)

    def is_stale(self, now: datetime, limit_ms: int) -> bool:
        return self.received_at <= stale_since(now, limit_ms)


def stale_since(now: datetime, limit_ms: int) -> datetime:
    """What came at this moment or before is stale: older than the limit in whole milliseconds."""
    return now - timedelta(milliseconds=limit_ms + 1)
