"""The terms of the own account: cash or margin, and the cost method."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from apps.accounts.answers import form_of, signed_in
from apps.desk.money import plain
from apps.desk.position import CostMethod

from . import terms
from .models import Account, AccountKind
from .queries import account_of

METHODS = {
    CostMethod.FIFO: "A sale takes the shares that were bought first.",
    CostMethod.LIFO: "A sale takes the shares that were bought last.",
    CostMethod.AVERAGE: "All shares of a symbol cost the same: their average.",
}


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def account_terms(request: HttpRequest) -> HttpResponse:
    """Shows both, and takes the one that is sent: `kind` or `cost_method`. What cannot be is 422 with the reason."""
    account = account_of(request.user)
    if account is None:
        return render(request, "portfolio/terms.html", {"account": None})
    errors = change(request, account) if request.method == "POST" else {}
    if request.method == "POST" and not errors:
        return redirect("portfolio:terms")
    context = {
        "account": account,
        "errors": errors,
        "kinds": AccountKind,
        "methods": METHODS.items(),
        "least_equity": terms.LEAST_EQUITY,
        "margin_rate": plain(settings.MARGIN_RATE_BPS / 100),
        "borrow_rate": plain(settings.BORROW_RATE_BPS / 100),
    }
    return render(request, "portfolio/terms.html", context, status=422 if errors else 200)


def change(request: HttpRequest, account: Account) -> dict[str, str]:
    """Does what was sent; for the field at fault, what is in the way."""
    fields = form_of(request)
    try:
        if "kind" in fields:
            done = terms.set_kind(account, AccountKind(fields["kind"]))
            words = f"It is a {account.get_kind_display().lower()} account from now on."
        elif "cost_method" in fields:
            done = terms.set_cost_method(account, CostMethod(fields["cost_method"]))
            words = f"Every position was worked out again: {CostMethod(account.cost_method).label.lower()}."
        else:
            return {"kind": "Choose cash or margin"}
    except terms.NotPossible as error:
        return {"kind": str(error)}
    except ValueError:
        if "kind" in fields:
            return {"kind": "Choose cash or margin"}
        return {"cost_method": "Choose first in, last in or average"}
    messages.success(request, words if done else "Nothing was changed.")
    return {}
