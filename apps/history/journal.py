"""The note on one closed trade over HTTP: its page, and the form that keeps it."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from apps.accounts.answers import MalformedBody, fields_of, signed_in, wants_json
from apps.market.templatetags.figures import signed_usd
from apps.portfolio.queries import account_of
from apps.trades.answers import errors_json
from apps.trades.ticket import Refused

from .forms import clean_note
from .pages import HistoryPage
from .queries import note_of, trade_of
from .services import keep_note

page = HistoryPage()


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def note(request: HttpRequest) -> HttpResponse:
    """`trade` names it by the execution that opened it; another trader's is not there."""
    account = account_of(request.user)
    try:
        fields = fields_of(request) if request.method == "POST" else request.GET.dict()
    except MalformedBody as error:
        return errors_json({"body": str(error)}, 400)
    trade = trade_of(account.pk, fields.get("trade", "")) if account else None
    if account is None or trade is None:
        raise Http404("No such trade")
    kept = note_of(account.pk, trade.opened_by)
    values = {"note": kept.note, "tags": ", ".join(kept.each_tag)} if kept else {"note": "", "tags": ""}
    errors = {}
    if request.method == "POST":
        result = clean_note(fields)
        if not isinstance(result, Refused):
            keep_note(account, trade.opened_by, result.text, result.tags, timezone.now())
            messages.success(request, f"Note kept: {trade.symbol}, {signed_usd(trade.net)} USD.")
            return redirect("history:history")
        if wants_json(request):
            return errors_json(result.errors, 422)
        errors, values = result.errors, {name: fields.get(name, "") for name in values}
    context = {
        "page": page,
        "live": page.draw(request.user, {}),
        "trade": trade,
        "rows": [trade],
        "values": values,
        "errors": errors,
    }
    return render(request, "history/note.html", context, status=422 if errors else 200)
