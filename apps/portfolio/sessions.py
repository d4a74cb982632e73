"""Closes of sessions on record, and how far the books had come at each."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db.models import Max, Q, QuerySet, Sum

from apps.desk import ledger as books
from apps.desk.money import ZERO
from apps.desk.performance import Flow, Session
from apps.desk.performance_symbols import symbol_realized, unrealized_change
from apps.desk.valuation import weight
from apps.market.quotes import board

from .bookings import OF_FILLS, lines_between
from .closed import FILLS
from .models import Account, Journal, LedgerEntry, SessionEquity
from .queries import load_holdings
from .value import PortfolioView, portfolio_value


@dataclass(frozen=True, slots=True)
class Record:
    """A span of an account. It begins at a close, or when the account was opened; `after` is the journal before it.

    It begins with the close `begins_with`, if there is one. It ends at the close `ends_with`, or in a session that
    runs, at what the account is worth in `view`.
    """

    start: date
    begins_at: datetime
    ends_at: datetime
    opening: Decimal
    sessions: tuple[Session, ...]
    closed: int
    after: int
    begins_with: SessionEquity | None
    ends_with: SessionEquity | None
    view: PortfolioView | None

    @property
    def unrealized(self) -> Decimal:
        """At its end (USD)."""
        if self.view:
            return self.view.unrealized
        return self.ends_with.unrealized if self.ends_with else ZERO

    @property
    def unrealized_change(self) -> Decimal:
        return unrealized_change(self.unrealized, self.begins_with.unrealized if self.begins_with else ZERO)

    @property
    def stale_share(self) -> Decimal | None:
        """What of the equity at its end rests on old or missing prices; None where that is not kept too."""
        if self.view:
            return self.view.stale_share
        stale = self.ends_with.stale_value if self.ends_with else None
        return None if stale is None or not self.ends_with else weight(stale, self.ends_with.equity)


def not_closed(session: date) -> list[int]:
    """The accounts whose equity at the close of that session is not on record."""
    closed = SessionEquity.objects.filter(session_date=session).values("account")
    return list(Account.objects.exclude(pk__in=closed).order_by("pk").values_list("pk", flat=True))


def reached(account_ids: list[int]) -> dict[int, tuple[Decimal, int | None]]:
    """Of each account: the net flow (USD) since its last close on record, and its newest journal."""
    funding = LedgerEntry.objects.filter(journal__account__in=account_ids, book=books.FUNDING)
    came = dict(funding.values_list("journal__account").annotate(Sum("amount")))
    closes = SessionEquity.objects.filter(account__in=account_ids).order_by()
    counted = dict(closes.values_list("account").annotate(Sum("flow")))
    newest = dict(
        Journal.objects.filter(account__in=account_ids).order_by().values_list("account").annotate(Max("id"))
    )
    return {key: (-came.get(key, ZERO) - counted.get(key, ZERO), newest.get(key)) for key in account_ids}


def closes_of(account: Account) -> QuerySet[SessionEquity]:
    """Oldest first."""
    return SessionEquity.objects.filter(account=account).order_by("at")


def load_record(
    account: Account, since: date | None, running: date | None, now: datetime, upto: SessionEquity | None = None
) -> Record:
    """The closes after `since`, and the session that runs as it stands now; those until the close `upto` alone where
    one is given."""
    kept = closes_of(account)
    closes = list(kept.filter(at__lte=upto.at) if upto else kept)
    before = [close for close in closes if since is not None and close.session_date <= since]
    base, closes = (before[-1] if before else None), closes[len(before) :]
    flows = flows_after(account.pk, base.last_journal_id or 0 if base else 0)
    sessions = []
    for close in closes:
        reach = close.last_journal_id or 0
        own, flows = [flow for flow in flows if flow[0] <= reach], [flow for flow in flows if flow[0] > reach]
        sessions.append(Session(close.session_date, close.equity, tuple(flow for _, flow in own)))
    last = closes[-1] if closes else base
    ends_at, view = last.at if last else now, None
    if upto is None and (last is None or last.session_date != running):
        view = portfolio_value(load_holdings(account.pk), board, now)
        ends_at = now
        sessions.append(Session(running or now.date(), view.equity, tuple(flow for _, flow in flows)))
    return Record(
        start=base.session_date if base else min([account.opened_at.date(), *(each.on for each in sessions)]),
        begins_at=base.at if base else account.opened_at,
        ends_at=ends_at,
        opening=base.equity if base else ZERO,
        sessions=tuple(sessions),
        closed=len(closes),
        after=base.last_journal_id or 0 if base else 0,
        begins_with=base,
        ends_with=None if view else last,
        view=view,
    )


def flows_after(account_id: int, journal_id: int) -> list[tuple[int, Flow]]:
    """What came from outside or left after a journal, with the journals' ids, in their order."""
    lines = LedgerEntry.objects.filter(
        journal__account=account_id, journal__gt=journal_id, book=books.FUNDING
    ).order_by("journal_id")
    columns = lines.values_list("journal_id", "journal__at", "amount", "journal__equity_before")
    return [(journal, Flow(at.date(), -amount, before)) for journal, at, amount, before in columns]


def realized_by_symbol(account_id: int, after: int, upto: int | None = None) -> list[tuple[str, Decimal]]:
    """What each symbol's fills after a journal, up to another, realised, fees taken off (USD), the best first; None:
    up to now. What was bought without a fee realised nothing."""
    gained, paid = gained_and_paid(account_id, after, upto)
    found = {symbol: symbol_realized(gained[symbol], paid[symbol]) or ZERO for symbol in {*gained, *paid}}
    return sorted(found.items(), key=lambda each: (-each[1], each[0]))


def gained_and_paid(
    account_id: int, after: int, upto: int | None
) -> tuple[defaultdict[str, Decimal], defaultdict[str, Decimal]]:
    """By symbol: what closed shares brought, less what they had cost, and the commission of all fills (USD). One that
    was only bought, without a fee, is among them with nothing."""
    wanted = Q(book__in=OF_FILLS) | Q(book=books.CASH, journal__kind__in=FILLS)
    lines = lines_between(account_id, after, upto).filter(wanted, journal__instrument__isnull=False)
    gained, paid = defaultdict[str, Decimal](Decimal), defaultdict[str, Decimal](Decimal)
    for symbol, book, amount in lines.values_list("journal__instrument__symbol", "book").annotate(Sum("amount")):
        if book == books.COMMISSION:
            paid[symbol] += amount
        else:
            gained[symbol] -= amount if book == books.REALIZED else ZERO
    return gained, paid
