"""The receipt of a figure of performance over HTTP: now, or with `?at=` as of the newest close by then."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from .basis import SPANS
from .choices import Choice, choice_of, may_be_chosen
from .measure_receipts import NO_PAST, NO_PAST_OF_TAGS, MeasureReceipt, measure_receipt_of
from .models import Account
from .moments import NoReceipt, close_asked, ends_of
from .pages import PortfolioPage
from .source_receipts import EXPLAINED, NO_PAST_OF_SYMBOL, SOURCES, TITLES, source_receipt_of
from .views import asked

ROWS = 50


def measure_receipt(request: HttpRequest, name: str, account: Account, now: datetime) -> HttpResponse:
    span, found, wrong = asked(request, SPANS, "all"), None, None
    part = choice_of(request.GET.get("by", ""), request.GET.get("of", ""))
    if name not in (shown := measures_shown(part)):
        raise Http404("No such figure")
    has_past, title = not why_no_past(name, part), TITLES.get(name, EXPLAINED[name].label)
    try:
        found = made(name, account, span, request.GET.get("at", ""), now, part)
    except NoReceipt as error:
        wrong = error
    page, ends = PortfolioPage(), ends_of(account)
    context = {
        "page": page,
        "live": page.draw(request.user, {}),
        "name": name,
        "title": f"{title} {part.in_words}" if part else title,
        "figure": EXPLAINED[name],
        "figures": shown.items(),
        "span": span,
        "part": part,
        "spans": SPANS,
        "receipt": found,
        "wrong": wrong,
        "now": now,
        "is_past": bool(found and request.GET.get("at")),
        "has_past": has_past,
        "ends": ends,
        "permalink": f"{ends[1].session_date:%Y-%m-%d}" if ends and has_past else "",
        **(rows_of(found, request.GET.get("page", "1")) if found else {}),
    }
    return render(request, "portfolio/receipt_of_measure.html", context, status=400 if wrong and wrong.field else 200)


def measures_shown(part: Choice | None = None) -> dict[str, str]:
    """What each is called, by its name in the address; of a part those that it has."""
    return {
        name: TITLES.get(name, figure.label)
        for name, figure in EXPLAINED.items()
        if (settings.BENCHMARK or figure.key != "benchmark_return")
        and (part is None or may_be_chosen(figure.key, part.by))
    }


def made(
    name: str, account: Account, span: str, text: str, now: datetime, part: Choice | None = None
) -> MeasureReceipt:
    close = close_asked(text, account, now) if text else None
    if close and (why := why_no_past(name, part)):
        raise NoReceipt(why)
    explain = source_receipt_of if name in SOURCES else measure_receipt_of
    return explain(EXPLAINED[name].key, account, span, now, close, part)


def why_no_past(name: str, part: Choice | None) -> str:
    """Empty where there is one."""
    if part and part.by == "tag":
        return NO_PAST_OF_TAGS
    return NO_PAST_OF_SYMBOL if part and name == "symbol-pnl" else NO_PAST.get(name, "")


def rows_of(found: MeasureReceipt, number: str) -> dict[str, Any]:
    return {"found": Paginator(found.rows, ROWS).get_page(number)}
