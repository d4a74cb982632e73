"""Many demo traders at once, for load tests: in bulk, and ending in the same rows as opening each by hand."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from importlib import import_module

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.hashers import make_password
from django.contrib.sessions.backends.base import VALID_KEY_CHARS
from django.contrib.sessions.models import Session
from django.db import transaction
from django.utils import timezone
from django.utils.crypto import get_random_string

from apps.accounts.models import User
from apps.desk.ledger import lines_of_deposit
from apps.market.models import Instrument
from apps.portfolio.models import Account, Journal, LedgerEntry
from apps.watchlist.models import WatchedSymbol, Watchlist
from apps.watchlist.services import FIRST_NAME

SEED = "livedesk"
ROWS_AT_ONCE = 500


@transaction.atomic
def seeded_traders(count: int) -> list[User]:
    """trader0001, trader0002, … with a funded account each; those that are there already are kept."""
    names = [f"trader{number:04}" for number in range(1, count + 1)]
    known = set(User.objects.filter(username__in=names).values_list("username", flat=True))
    new = [
        User(username=name, display_name=name.capitalize(), password=make_password(None))
        for name in names
        if name not in known
    ]
    User.objects.bulk_create(new, batch_size=ROWS_AT_ONCE)
    users = sorted(User.objects.filter(username__in=names), key=lambda user: (len(user.username), user.username))
    open_accounts(users)
    return users


def open_accounts(users: Sequence[User]) -> None:
    """What portfolio's `open_account` books, without telling pages: nobody looks yet."""
    now, cash = timezone.now(), Decimal(settings.PAPER_CASH)
    known = set(Account.objects.filter(user__in=users).values_list("user_id", flat=True))
    new = [Account(user=user, cash=cash, opened_at=now) for user in users if user.pk not in known]
    accounts = Account.objects.bulk_create(new, batch_size=ROWS_AT_ONCE)
    if not cash:
        return
    journals = Journal.objects.bulk_create(
        [
            Journal(
                account=account, ref=f"opening:{account.pk}", kind="deposit", memo="Paper cash to start with", at=now
            )
            for account in accounts
        ],
        batch_size=ROWS_AT_ONCE,
    )
    LedgerEntry.objects.bulk_create(
        [
            LedgerEntry(journal=journal, book=line.book, amount=line.amount)
            for journal in journals
            for line in lines_of_deposit(cash)
        ],
        batch_size=ROWS_AT_ONCE,
    )


@transaction.atomic
def watch_drawn(users: Sequence[User], count: int) -> None:
    """Each trader's first list holds `count` symbols, drawn by the trader's name: the same at every run."""
    instruments = list(Instrument.objects.filter(tradable=True).order_by("symbol").values_list("id", flat=True))
    mine = Watchlist.objects.filter(user__in=users, name=FIRST_NAME)
    known = set(mine.values_list("user_id", flat=True))
    Watchlist.objects.bulk_create(
        [Watchlist(user=user, name=FIRST_NAME) for user in users if user.pk not in known], batch_size=ROWS_AT_ONCE
    )
    WatchedSymbol.objects.filter(watchlist__in=mine).delete()
    lines = []
    for watchlist in mine.select_related("user"):
        draw = random.Random(f"{SEED}:{watchlist.user.username}")  # noqa: S311 -- repeatable on purpose
        for rank, instrument_id in enumerate(draw.sample(instruments, count)):
            lines.append(WatchedSymbol(watchlist=watchlist, instrument_id=instrument_id, rank=rank))
    WatchedSymbol.objects.bulk_create(lines, batch_size=ROWS_AT_ONCE)


@transaction.atomic
def open_sessions(users: Sequence[User]) -> list[str]:
    """A signed-in session for each. Returns the values of their session cookies, in the users' order."""
    store = import_module(settings.SESSION_ENGINE).SessionStore()
    until = timezone.now() + timedelta(seconds=settings.SESSION_COOKIE_AGE)
    keys = [get_random_string(32, VALID_KEY_CHARS) for _ in users]
    sessions, rows = [], []
    for user, key in zip(users, keys, strict=True):
        facts = {
            SESSION_KEY: str(user.pk),
            BACKEND_SESSION_KEY: settings.AUTHENTICATION_BACKENDS[0],
            HASH_SESSION_KEY: user.get_session_auth_hash(),
        }
        sessions.append(Session(session_key=key, session_data=store.encode(facts), expire_date=until))
        rows.append(UserSession(user=user, ip="127.0.0.1", session_key=key, user_agent="demo_sessions"))
    Session.objects.bulk_create(sessions, batch_size=ROWS_AT_ONCE)
    UserSession.objects.bulk_create(rows, batch_size=ROWS_AT_ONCE)
    return keys
