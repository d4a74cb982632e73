"""A trader's program that asks the desk in this process, and what it owns by the names of the description."""

from __future__ import annotations

import itertools
import zlib
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth import get_user_model
from django.test import Client
from schemathesis import Case, Response

from apps.desk.quote import Quote
from apps.market.models import Instrument, MarketState
from apps.market.quotes import board
from apps.portfolio import services as portfolio
from apps.trades import filling, services
from apps.trades.models import Fill, Order
from apps.trades.ticket import Placed
from apps.watchlist.models import Watchlist
from apps.watchlist.services import add_symbol, create_watchlist
from tests.trades.words import ticket_of

CSRF_TOKEN = "a" * 32
METRICS_TOKEN = "a token of the tests' own"
ACCEPTS = ({"Accept": "application/json"}, {"HX-Request": "true"}, {"Accept": "text/html"})


class Program:
    """It may see operations, has traded AAPL and holds it, and works in the second of its two lists."""

    def __init__(self) -> None:
        self.now, self.made = datetime.now(UTC), itertools.count()
        Instrument.objects.bulk_create(Instrument(symbol=symbol, name=symbol) for symbol in ("AAPL", "MSFT"))
        MarketState.objects.create(feed="scripted", is_open=True, session_date=self.now.date(), beat_at=self.now)
        self.user = get_user_model().objects.create_user("program", is_staff=True)
        self.client = Client()
        self.client.force_login(self.user)
        self.account = portfolio.open_account(self.user, Decimal(10_000_000))
        prices = map(Decimal, ("149.99", "150.01", "1000", "1000", "150.01"))
        self.quote = Quote("AAPL", *prices, venue_at=self.now, received_at=self.now)
        board.put(self.quote)
        for words in ("buy 40 AAPL", "sell 40 AAPL", "buy 100 AAPL"):
            self.place(words)
            filling.match_symbol("AAPL", self.quote, None, self.now)

    def place(self, words: str) -> Order:
        placed = services.place_order(self.account, ticket_of(words, f"own-{next(self.made)}"), self.now)
        assert isinstance(placed, Placed), placed
        return placed.order

    def working(self) -> Order:
        found = Order.objects.filter(account=self.account, status="new").first()
        return found or self.place("buy 1 AAPL limit 1.00")

    def watchlist(self) -> Watchlist:
        found = Watchlist.objects.filter(user=self.user).order_by("-pk").first()
        if found is None or Watchlist.objects.filter(user=self.user).count() < 2:
            made = create_watchlist(self.user, f"List {next(self.made)}")
            assert isinstance(made, Watchlist), made
            found = made
        add_symbol(found, "AAPL")
        return found

    def elsewhere(self) -> UserSession:
        """Another browser that it is signed in with."""
        browser = Client()
        browser.force_login(self.user)
        key = browser.session.session_key
        return UserSession.objects.create(user=self.user, ip="127.0.0.1", session_key=key, user_agent="other")

    def own(self, name: str) -> str | None:
        """What it owns of what a field or parameter names; None of what may be anything."""
        if name == "order_id":
            return str(self.working().pk)
        if name in {"watchlist_id", "watchlist", "list"}:
            return str(self.watchlist().pk)
        if name == "line_id":
            return str(self.watchlist().symbols.get(instrument__symbol="AAPL").pk)
        if name == "session_id":
            return str(self.elsewhere().pk)
        if name == "trade":
            return Fill.objects.order_by("pk").values_list("exec_id", flat=True).first()
        return {"symbol": "AAPL", "symbols": "AAPL", "trader": "alice"}.get(name)

    def ask(self, case: Case) -> Response:
        """Every other request is about what the program owns, some are of nobody, some carry no CSRF token.

        What a request is follows from what it says, so that it is the same again.
        """
        said = repr((case.operation.label, case.path_parameters, case.query, case.body))
        dice = zlib.crc32(said.encode(errors="replace"))
        if dice % 2:
            for fields in (case.path_parameters, case.query, case.body):
                self.name_own(fields)
        accept, known, safe = ACCEPTS[dice // 2 % 3], dice // 6 % 8 > 0, dice // 6 % 8 != 1 or case.method != "POST"
        token = {"X-CSRFToken": CSRF_TOKEN} if safe else {}
        session = {settings.SESSION_COOKIE_NAME: self.session_key()} if known else {}
        return case.call(
            base_url="http://127.0.0.1",
            headers={**accept, **token, "Authorization": f"Bearer {METRICS_TOKEN}"},
            cookies={**session, settings.CSRF_COOKIE_NAME: CSRF_TOKEN},
            allow_redirects=False,
        )

    def session_key(self) -> str:
        """Of its own session; of a new one where that was signed out."""
        if not self.client.session.exists(self.client.cookies[settings.SESSION_COOKIE_NAME].value):
            self.client = Client()
            self.client.force_login(self.user)
        return str(self.client.cookies[settings.SESSION_COOKIE_NAME].value)

    def name_own(self, fields: Any) -> None:
        for name in list(fields) if isinstance(fields, dict) else ():
            found = self.own(name)
            if found is not None:
                fields[name] = found
