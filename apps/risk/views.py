"""The limits that a trader sets on the own account."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from apps.accounts.answers import form_of, signed_in
from apps.portfolio.queries import account_of

from . import services
from .forms import OwnLimitsForm
from .models import OwnLimit
from .screen import lines_of


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def own_limits(request: HttpRequest) -> HttpResponse:
    """Shows what holds, what waits and what admins have set; takes what is wanted."""
    account, now = account_of(request.user), timezone.now()
    if account is None:
        return render(request, "risk/limits.html", {"account": None})
    rows = OwnLimit.objects.filter(account=account)
    form = OwnLimitsForm(form_of(request)) if request.method == "POST" else None
    if form is None or not form.is_valid():
        context = {"account": account, "lines": lines_of(account.pk, rows, form, now)}
        return render(request, "risk/limits.html", context, status=422 if form else 200)
    changed = services.set_own_limits(account, form.wanted(), now)
    waits = [row for row in changed if row.next_at]
    held = len(changed) - len(waits)
    words = [f"{held} limit{'' if held == 1 else 's'} changed, from the next order on."] if held else []
    words += [f"{row.get_name_display()} loosens on {row.next_at:%a %d %b, %H:%M} UTC." for row in waits]
    messages.success(request, " ".join(words) or "Nothing was changed.")
    return redirect("risk:limits")
