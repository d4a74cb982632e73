"""Importing fills over HTTP: a file is sent, its columns are named, its effect is looked at, then it is booked."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from apps.accounts.answers import form_of, signed_in
from apps.portfolio.models import Account
from apps.portfolio.queries import account_of
from apps.trades.importing import NotWhole, Tried, tried

from . import services
from .models import ImportDraft
from .pages import HistoryPage
from .statement import COLUMNS, MOST_LINES, MOST_NAMED, REQUIRED, headers_of, read

page = HistoryPage()
SHOWN = 20
LONGEST_NAME = 100


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def import_fills(request: HttpRequest) -> HttpResponse:
    """`do` says what: send a file, name its columns, book it, or drop it. A fault is 422, and nothing is written."""
    account = account_of(request.user)
    if account is None:
        raise Http404("No account")
    error = act(request, account) if request.method == "POST" else ""
    if request.method == "POST" and not error:
        return redirect("history:history" if form_of(request).get("do") == "book" else "history:import")
    draft = ImportDraft.objects.filter(account=account).first()
    context = {
        "page": page,
        "live": page.draw(request.user, {}),
        "draft": draft,
        "error": error,
        "pasted": form_of(request).get("text", "") if error else "",
        "columns": COLUMNS,
        "required": REQUIRED,
        "most": MOST_LINES,
        **(preview(account, draft) if draft else {}),
    }
    return render(request, "history/import.html", context, status=422 if error else 200)


def act(request: HttpRequest, account: Account) -> str:
    """Does it; what is wrong in words, else nothing."""
    try:
        match form_of(request).get("do"):
            case "send":
                name, text = sent(request)
                services.keep_draft(account, name, text, timezone.now())
            case "map":
                named = {column: form_of(request).get(f"column-{column}", "") for column in COLUMNS}
                services.map_draft(account, named)
            case "book":
                booked = services.book_draft(account, timezone.now())
                messages.success(request, f"{booked:,} fill{'' if booked == 1 else 's'} imported.")
            case "drop":
                services.drop_draft(account)
            case _:
                return "Choose what to do with the file"
    except NotWhole as fault:
        return f"Nothing was booked: {len(fault.wrong):,} thing{'' if len(fault.wrong) == 1 else 's'} to mend"
    except ImportDraft.DoesNotExist:
        return "There is no file to import; send one first"
    except ValueError as fault:
        return str(fault)
    return ""


def sent(request: HttpRequest) -> tuple[str, str]:
    """Name and text of the file, or of what was pasted. Raises ValueError."""
    file = request.FILES.get("file")
    if file is None:
        text = form_of(request).get("text", "")
        if not text.strip():
            raise ValueError("Choose a file, or paste its lines")
        return "pasted lines", text
    try:
        text = file.read().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError(
            "The file must be text in UTF-8, with commas, semicolons or tabs between the columns"
        ) from None
    if "\0" in text:
        raise ValueError("The file is no text; export it as CSV first")
    return (file.name or "a file")[:LONGEST_NAME], text


def preview(account: Account, draft: ImportDraft) -> dict[str, Any]:
    """What booking it now would do, and all that is wrong with it."""
    found = read(draft.text, draft.mapped, timezone.now())
    would = tried(account, found.rows) if found.rows else Tried((), 0, (), account.cash)
    wrong = sorted((*found.faults, *would.wrong))
    return {
        "headers": headers_of(draft.text),
        "mapped": draft.mapped,
        "wrong": wrong[:MOST_NAMED],
        "wrong_count": len(wrong),
        "fills": would.fills[:SHOWN],
        "fill_count": len(would.fills),
        "known": would.known,
        "cash": account.cash,
        "cash_after": would.cash,
    }
