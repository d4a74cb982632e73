"""The portfolio over HTTP: the page, its performance, both their curves as numbers, and the whole ledger."""

from __future__ import annotations

from collections.abc import Container
from datetime import UTC, datetime, time

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from apps.accounts.answers import signed_in
from apps.desk.performance_words import figures

from .basis import SPANS as PERFORMANCE_SPANS
from .closed import results_of
from .ledger import SPANS, equity_curve, ledger_page, thinned
from .models import Account
from .pages import SHOWN, PortfolioPage
from .performance import performance_of
from .queries import account_of

TABLE_ROWS = 48
SHOWN_DAYS = 60


@require_safe
@signed_in
def portfolio(request: HttpRequest) -> HttpResponse:
    """The whole page; who has no account is told what to do."""
    account, page, span = account_of(request.user), PortfolioPage(), asked(request, SPANS, "day")
    curve = equity_curve(account.pk, span, timezone.now()) if account else []
    context = {
        "page": page,
        "live": page.draw(request.user, {}),
        "account": account,
        "topics": {kind: f"{kind}/{account.pk}" for kind in SHOWN} if account else {},
        "span": span,
        "spans": {name: label for name, (label, _, _) in SPANS.items()},
        "curve": thinned(curve, TABLE_ROWS),
        "points": len(curve),
    }
    return render(request, "portfolio/portfolio.html", context)


@require_safe
@signed_in
def equity(request: HttpRequest) -> JsonResponse:
    """The curve as a chart draws it: seconds since the epoch, and USD."""
    curve = equity_curve(own_account(request).pk, asked(request, SPANS, "day"), timezone.now())
    at, usd = [int(point.at.timestamp()) for point in curve], [float(point.equity) for point in curve]
    return JsonResponse({"at": at, "equity": usd})


@require_safe
@signed_in
def performance(request: HttpRequest) -> HttpResponse:
    """Returns, risk and results over a span, each with its definition; a snapshot."""
    account, page, span = account_of(request.user), PortfolioPage(), asked(request, PERFORMANCE_SPANS, "all")
    now = timezone.now()
    found = performance_of(account, span, now) if account else None
    context = {
        "page": page,
        "live": page.draw(request.user, {}),
        "found": found,
        "words": figures,
        "trades": results_of(account.pk, found.after) if account and found else None,
        "span": span,
        "spans": PERFORMANCE_SPANS,
        "days": found.days[: -SHOWN_DAYS - 1 : -1] if found else (),
        "now": now,
    }
    return render(request, "portfolio/performance.html", context)


@require_safe
@signed_in
def performance_curve(request: HttpRequest) -> JsonResponse:
    """The days as charts draw them: seconds since the epoch, P&L in USD, drawdown in per cent below nought."""
    days = performance_of(own_account(request), asked(request, PERFORMANCE_SPANS, "all"), timezone.now()).days
    days = tuple(sorted(days, key=lambda day: day.on))
    at = [int(datetime.combine(day.on, time(tzinfo=UTC)).timestamp()) for day in days]
    below = [round(float(-100 * day.below), 4) for day in days]
    return JsonResponse({"at": at, "pnl": [float(day.pnl) for day in days], "below": below})


@require_safe
@signed_in
def ledger(request: HttpRequest) -> HttpResponse:
    """Every booking, searched and paged; a snapshot. htmx gets the results alone."""
    text = request.GET.get("q", "").replace("\0", "")[:80]  # PostgreSQL takes no NUL
    now = timezone.now()
    found = ledger_page(own_account(request).pk, text=text, number=request.GET.get("page", "1"))
    if request.headers.get("HX-Request"):
        return render(request, "portfolio/_entries.html", {"found": found, "now": now})
    page = PortfolioPage()
    context = {"page": page, "live": page.draw(request.user, {}), "found": found, "now": now}
    return render(request, "portfolio/ledger.html", context)


def asked(request: HttpRequest, spans: Container[str], usual: str) -> str:
    span = request.GET.get("span", usual)
    if span not in spans:
        raise Http404("No such span")
    return span


def own_account(request: HttpRequest) -> Account:
    account = account_of(request.user)
    if account is None:
        raise Http404("No account")
    return account
