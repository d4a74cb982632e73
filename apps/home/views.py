"""The desk, a symbol's page, and the welcome to whoever is not signed in."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from apps.accounts.answers import signed_in
from apps.desk.money import cents
from apps.market import queries as market
from apps.market.models import Instrument
from apps.portfolio.models import Account
from apps.portfolio.queries import account_of
from apps.portfolio.services import open_account
from apps.trades.screen import blank_ticket
from apps.watchlist.queries import first_symbol

from .pages import DeskPage, chosen_symbol
from .sample import sample_quotes


@require_safe
def front(request: HttpRequest) -> HttpResponse:
    """The desk for a trader, the welcome for everybody else."""
    if not request.user.is_authenticated:
        return render(request, "home/welcome.html", welcome_context())
    account, symbol = ensure_account(request.user), asked_symbol(request)
    return live_page(request, "home/desk.html", account, chosen_symbol(symbol) if symbol else None)


def asked_symbol(request: HttpRequest) -> str:
    return request.GET.get("symbol", "").upper() or first_symbol(request.user)


def welcome_context() -> dict[str, Any]:
    return {
        "sample": sample_quotes(),
        "feed": market.market_state().feed,
        "paper_cash": cents(settings.PAPER_CASH),
    }


@require_safe
@signed_in
def symbol(request: HttpRequest, symbol: str) -> HttpResponse:
    """One instrument: candles, quote, the trader's own position, orders and fills. A former symbol leads to it."""
    if symbol != symbol.upper():
        return redirect("home:symbol", symbol.upper())
    instrument = chosen_symbol(symbol)
    if instrument.symbol != symbol:
        messages.info(request, f"{symbol} is called {instrument.symbol} now.")
        return redirect("home:symbol", instrument.symbol)
    return live_page(request, "home/symbol.html", ensure_account(request.user), instrument, alone=True)


def ensure_account(user: Any) -> Account:
    """Every trader's paper account is opened, and funded, at the first look at the desk."""
    return account_of(user) or open_account(user, deposit=settings.PAPER_CASH)


def live_page(
    request: HttpRequest, template: str, account: Account, instrument: Instrument | None, *, alone: bool = False
) -> HttpResponse:
    page, symbol = DeskPage.registry[DeskPage.name], instrument.symbol if instrument else ""
    params = {"symbol": symbol, "alone": "1" if alone else "0"} if symbol else {}
    context: dict[str, Any] = {
        "page": page,
        "live": page.draw(request.user, params),
        "topics": DeskPage().named_topics(request.user, symbol, alone=alone),
        "symbol": instrument,
        "market": market.market_state(),
        "ticket": blank_ticket({"symbol": symbol, "side": request.GET.get("side", "")}, account),
    }
    return render(request, template, context)
