"""The portfolio over HTTP: the page, its equity curve as numbers, and the whole ledger."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from .ledger import SPANS, equity_curve, ledger_page, thinned
from .models import Account
from .pages import SHOWN, PortfolioPage
from .queries import account_of

TABLE_ROWS = 48


@login_required
@require_safe
def portfolio(request: HttpRequest) -> HttpResponse:
    """The whole page; who has no account is told what to do."""
    account, page, span = account_of(request.user), PortfolioPage(), asked_span(request)
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


@login_required
@require_safe
def equity(request: HttpRequest) -> JsonResponse:
    """The curve as a chart draws it: seconds since the epoch, and USD."""
    curve = equity_curve(own_account(request).pk, asked_span(request), timezone.now())
    at, usd = [int(point.at.timestamp()) for point in curve], [float(point.equity) for point in curve]
    return JsonResponse({"at": at, "equity": usd})


@login_required
@require_safe
def ledger(request: HttpRequest) -> HttpResponse:
    """Every booking, searched and paged; a snapshot. htmx gets the results alone."""
    text = request.GET.get("q", "")[:80]
    found = ledger_page(own_account(request).pk, text=text, number=request.GET.get("page", "1"))
    if request.headers.get("HX-Request"):
        return render(request, "portfolio/_entries.html", {"found": found})
    page = PortfolioPage()
    context = {"page": page, "live": page.draw(request.user, {}), "found": found}
    return render(request, "portfolio/ledger.html", context)


def asked_span(request: HttpRequest) -> str:
    span = request.GET.get("span", "day")
    if span not in SPANS:
        raise Http404("No such span")
    return span


def own_account(request: HttpRequest) -> Account:
    account = account_of(request.user)
    if account is None:
        raise Http404("No account")
    return account
