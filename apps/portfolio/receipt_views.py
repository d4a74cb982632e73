"""A figure's receipt over HTTP: now, or with `?at=` as of a moment that is past."""

from __future__ import annotations

from datetime import datetime

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from apps.accounts.answers import signed_in
from apps.market.queries import symbol_now
from apps.market.quotes import board

from .asof import view_as_of
from .measure_views import measure_receipt
from .models import Account
from .moments import ISO, NoReceipt, moment_of
from .pages import PortfolioPage
from .queries import load_holdings, portfolio_value
from .receipt_lines import FIGURES
from .receipts import Asked, Figure, Receipt, receipt_of
from .source_receipts import EXPLAINED
from .views import own_account


@require_safe
@signed_in
def receipt(request: HttpRequest, name: str) -> HttpResponse:
    """One figure, explained; 400 with the field and what would be right for a moment that is none."""
    figure, account, now = FIGURES.get(name), own_account(request), timezone.now()
    if name in EXPLAINED:
        return measure_receipt(request, name, account, now)
    symbol, found, wrong = symbol_now(request.GET.get("symbol", "")), None, None
    if figure is None or (symbol and not figure.of_symbol):
        raise Http404("No such figure")
    try:
        at = moment_asked(request.GET.get("at", ""), account, now)
        found = made(figure, account, symbol, at)
    except NoReceipt as error:
        wrong = error
    page, whole_minute = PortfolioPage(), now.replace(second=0, microsecond=0)
    context = {
        "page": page,
        "live": page.draw(request.user, {}),
        "name": name,
        "figure": figure,
        "title": f"{figure.title} of {symbol}" if symbol else figure.title,
        "figures": [(each.name, each.title) for each in FIGURES.values() if each.of_symbol or not symbol],
        "symbol": symbol,
        "receipt": found,
        "is_past": bool(found and found.at),
        "wrong": wrong,
        "now": now,
        "permalink": max(whole_minute, account.opened_at).strftime(ISO),
        "first": account.opened_at.strftime("%Y-%m-%dT%H:%M:%S"),
        "last": now.strftime("%Y-%m-%dT%H:%M:%S"),
    }
    return render(request, "portfolio/receipt_of_account.html", context, status=400 if wrong and wrong.field else 200)


def moment_asked(text: str, account: Account, now: datetime) -> datetime | None:
    """None for now."""
    if not text:
        return None
    at = moment_of(text, now)
    if at < account.opened_at:
        raise NoReceipt(
            f"Your account was opened at {account.opened_at.strftime(ISO)}; before that there is nothing", "at"
        )
    return at


def made(figure: Figure, account: Account, symbol: str, at: datetime | None) -> Receipt:
    if at is None:
        view, quotes = portfolio_value(load_holdings(account.pk, lots=bool(symbol)), board), board
        asked = Asked(account, view, quotes, symbol, at)
    else:
        asked = Asked(account, *view_as_of(account, at), symbol, at)
    if symbol and not asked.positions:
        raise Http404("Never held")
    return receipt_of(figure, asked)
