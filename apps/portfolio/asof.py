"""An account and its prices as they were at a moment of the past, from what is never changed: journals and bars."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from django.conf import settings

from apps.desk.currency import pair_of
from apps.desk.money import ZERO
from apps.desk.quote import Quote, stale_since
from apps.live.moments import micros
from apps.market.bars import MINUTE
from apps.market.models import Instrument
from apps.market.queries import last_minutes_then, pairs_priced

from .models import Account, AccountKind, KindChange
from .past_days import past_days
from .sums import Sums, booked_sums
from .value import Holding, Holdings, PortfolioView, portfolio_value


class PastPrices:
    """The close of each symbol's newest minute that was over by then, a quote without a spread."""

    def __init__(self, symbols: Iterable[str], at: datetime) -> None:
        self.quotes = {
            bar.symbol: past_quote(bar.symbol, bar.close, bar.start + MINUTE) for bar in last_minutes_then(symbols, at)
        }

    def latest_each(self, symbols: Iterable[str]) -> tuple[Quote | None, ...]:
        return tuple(self.quotes.get(symbol) for symbol in symbols)

    def old(self, quotes: Iterable[Quote | None], now: datetime) -> tuple[bool, ...]:
        """A minute ends up to a minute before the moment that is asked for."""
        since = stale_since(now - MINUTE, settings.QUOTE_STALE_MS)
        return tuple(quote is None or quote.received_at <= since for quote in quotes)


def past_quote(symbol: str, price: Decimal, at: datetime) -> Quote:
    return Quote(symbol, price, price, ZERO, ZERO, price, at, at)


def view_as_of(account: Account, at: datetime) -> tuple[PortfolioView, PastPrices]:
    """The whole view at a moment: the same books and the same prices whenever it is asked for."""
    holdings = holdings_as_of(account, at)
    prices = PastPrices(holdings.symbols, at)
    return portfolio_value(holdings, prices, at), prices


def kind_as_of(account: Account, at: datetime) -> str:
    """What the first change after that moment changed; without any it was of the kind that it is."""
    later = KindChange.objects.filter(account=account, at__gt=at)
    return later.values_list("was", flat=True).first() or account.kind


def holdings_as_of(account: Account, at: datetime) -> Holdings:
    """As booked by then, without what orders held back: `held_back` says that, to whom it matters."""
    booked = booked_sums(account.pk, at)
    of_each: dict[int, list[Sums]] = defaultdict(list)
    for (instrument, _), sums in booked.items():
        if instrument is not None:
            of_each[instrument].append(sums)
    held = list(Instrument.objects.filter(pk__in=of_each).order_by("symbol"))
    priced = pairs_priced((each.currency for each in held), at)
    pairs = {each.currency: pair_of(each.currency, priced) for each in held}
    days = past_days(account.pk, held, pairs, at)
    positions = [
        Holding(
            symbol=each.symbol,
            name=each.name,
            quantity=sum((sums.quantity for sums in of_each[each.pk]), ZERO),
            reserved=ZERO,
            cost=sum((sums.securities for sums in of_each[each.pk]), ZERO),
            realized=-sum((sums.realized for sums in of_each[each.pk]), ZERO),
            fees=sum((sums.commission for sums in of_each[each.pk]), ZERO),
            dividends=-sum((sums.dividends for sums in of_each[each.pk]), ZERO),
            currency=each.currency,
            pair=pairs[each.currency],
            **days[each.pk]._asdict(),
        )
        for each in held
    ]
    return Holdings(
        account_id=account.pk,
        cash=sum((each.cash for each in booked.values()), ZERO),
        reserved=ZERO,
        positions=tuple(positions),
        session_date=None,
        changed_us=micros(at),
        on_margin=kind_as_of(account, at) == AccountKind.MARGIN,
        interest=-sum((each.interest for each in booked.values()), ZERO),
    )
