"""The history over HTTP: what is over, by tab, filtered and paged, a snapshot; and whole, as a file."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from apps.accounts.answers import refusal, signed_in, wants_json
from apps.desk.money import ZERO
from apps.desk.order import Side
from apps.portfolio.kinds import KINDS
from apps.portfolio.ledger import views_of
from apps.portfolio.queries import account_of
from apps.trades.answers import errors_json
from apps.trades.export import streamed
from apps.trades.ticket import Refused

from .asked import Asked
from .exports import EXPORTS
from .forms import DIRECTIONS, FIELDS, TAKES, clean_filter, given
from .lots import lots, valued
from .pages import HistoryPage
from .queries import detailed, fills, journals, orders, own_tags, trades

PAGE_SIZE = 50
TABS = {"trades": "Trades", "lots": "Lots", "orders": "Orders", "fills": "Fills", "ledger": "Ledger"}
page = HistoryPage()


@require_safe
@signed_in
def history(request: HttpRequest) -> HttpResponse:
    """One tab. A filter that cannot be read is answered with what each field should be."""
    tab, account = tab_of(request), account_of(request.user)
    asked = clean_filter(request.GET.dict(), tab)
    errors = asked.errors if isinstance(asked, Refused) else {}
    if errors and wants_json(request):
        return errors_json(errors, 400)
    values = given(request.GET.dict())
    context = {
        "page": page,
        "live": page.draw(request.user, {}),
        "account": account,
        "tab": tab,
        "tabs": {key: (label, query_of(key, values)) for key, label in TABS.items()},
        "values": values,
        "errors": errors,
        "query": query_of(tab, values),
        "filtered": any(values[name] for name in FIELDS),
        "takes": TAKES[tab],
        "sides": list(Side),
        "kinds": KINDS,
        "directions": DIRECTIONS,
        "tags": own_tags(account.pk) if account and tab == "trades" else (),
        "now": timezone.now(),
    }
    if account and isinstance(asked, Asked):
        context |= found_of(tab, account.pk, asked, request.GET.get("page", "1"))
    return render(request, "history/history.html", context, status=400 if errors else 200)


@require_safe
@signed_in
def export(request: HttpRequest, kind: str) -> HttpResponseBase:
    """All that a tab shows with this filter, as CSV or JSON."""
    tab, account = tab_of(request), account_of(request.user)
    if account is None:
        raise Http404("No account")
    asked = clean_filter(request.GET.dict(), tab)
    if isinstance(asked, Asked):
        return streamed(tab, kind, EXPORTS[tab].columns, EXPORTS[tab].rows(account.pk, asked))
    if kind == "json" or wants_json(request):
        return errors_json(asked.errors, 400)
    return refusal(request, 400, "Nothing was exported", " ".join(asked.errors.values()), f"/history/?tab={tab}")


def found_of(tab: str, account_id: int, asked: Asked, number: str) -> dict[str, Any]:
    """A page of a tab, newest first, as its template wants it."""
    if tab == "trades":
        every = list(trades(account_id, asked))[::-1]
        found = Paginator(every, PAGE_SIZE).get_page(number)
        return {
            "found": found,
            "rows": detailed(account_id, found.object_list),
            "net": sum((trade.net for trade in every), ZERO),
        }
    rows = Paginator(newest_first(tab, account_id, asked), PAGE_SIZE).get_page(number)
    shown = list(rows.object_list)
    views: Any = {"ledger": views_of, "lots": valued}.get(tab, list)
    return {"found": rows, "rows": views(shown)}


def newest_first(tab: str, account_id: int, asked: Asked) -> QuerySet[Any]:
    if tab == "orders":
        return orders(account_id, asked).order_by("-created_at", "-id")
    if tab == "lots":
        return lots(account_id, asked).order_by("-opened_at", "-id")
    if tab == "fills":
        return fills(account_id, asked).order_by("-id")
    return journals(account_id, asked).order_by("-id").prefetch_related("entries")


def query_of(tab: str, values: dict[str, str]) -> str:
    """The address of a tab with as much of the filter as it takes."""
    kept = {name: text for name, text in values.items() if text and name in TAKES[tab]}
    return urlencode({"tab": tab, **kept})


def tab_of(request: HttpRequest) -> str:
    tab = request.GET.get("tab", "trades")
    if tab not in TABS:
        raise Http404("No such tab")
    return tab
