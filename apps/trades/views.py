"""Orders over HTTP: the list, one order, the ticket, and the two commands, place and cancel."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.accounts.answers import MalformedBody, fields_of, signed_in, wants_json
from apps.accounts.answers import refusal as refuse
from apps.desk.instrument import symbol_of
from apps.desk.order import IllegalTransition, OrderStatus, Side
from apps.live.fragments import render_fragment
from apps.market import queries as market
from apps.portfolio.queries import account_of

from . import services
from .answers import errors_json, order_json, placed_json, refusal_json
from .export import ORDER_COLUMNS, order_rows, streamed
from .fields import client_order_id_of
from .forms import changeable, clean_change, clean_ticket
from .fragments import FILTERS, TradesPage
from .models import Order
from .queries import TABS, orders_of, search_orders
from .screen import blank_ticket, estimated_ticket, refused_ticket, sent_ticket
from .ticket import Change, Placed, Refused, Ticket

PAGE_SIZE = 50
ASKED = ("tab", "symbol", "side", "status")
TAB_LABELS = {"working": "Working", "filled": "Filled", "closed": "Closed"}
page = TradesPage()


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def orders(request: HttpRequest) -> HttpResponse:
    return place(request) if request.method == "POST" else order_list(request)


def order_list(request: HttpRequest) -> HttpResponse:
    """A tab of orders: live as it stands, a snapshot where it is filtered or paged."""
    params = request.GET.dict()
    tab = params.setdefault("tab", "working")
    topics = page.topics(request.user, params)
    context = {
        "page": page,
        "live": page.draw(request.user, params),
        "topic": topics[0] if topics else "",
        "fills_topic": topics[-1] if topics else "",
        "tab": tab,
        "tabs": TAB_LABELS,
        "filters": {name: params.get(name, "") for name in FILTERS},
        "query": urlencode({name: text for name, text in params.items() if text and name in ASKED}),
        "sides": list(Side),
        "statuses": list(OrderStatus),
        "account": account_of(request.user),
        "now": timezone.now(),
    }
    if not topics and context["account"]:
        context["found"] = Paginator(narrowed(request, tab), PAGE_SIZE).get_page(params.get("page"))
    return render(request, "trades/orders.html", context)


def narrowed(request: HttpRequest, tab: str) -> Any:
    """The orders that the filter in the query asks for."""
    account = account_of(request.user)
    if account is None or tab not in TABS:
        raise Http404("No such orders")
    asked = (request.GET.get(name, "").replace("\0", "").strip() for name in ("symbol", "side", "status"))
    return search_orders(account.pk, tab, *asked)


@require_safe
@signed_in
def export(request: HttpRequest) -> HttpResponseBase:
    """What the list shows with this filter, whole, as CSV."""
    rows = order_rows(narrowed(request, request.GET.get("tab", "working")))
    return streamed("orders", "csv", ORDER_COLUMNS, rows)


def place(request: HttpRequest) -> HttpResponse:
    try:
        fields = fields_of(request)
    except MalformedBody as error:
        return errors_json({"body": str(error)}, 400)
    result: Ticket | Placed | Refused = clean_ticket(fields)
    if isinstance(result, Ticket):
        result = services.place_order_of(request.user, result, timezone.now())
    if isinstance(result, Refused):
        return refused(request, fields, result)
    if wants_json(request):
        return placed_json(result)
    if request.headers.get("HX-Request"):
        return render(request, "trades/_ticket.html", {"ticket": sent_ticket(fields, result.order)})
    messages.success(request, f"Order sent: {result.order.in_words}.")
    return redirect("trades:orders")


def refused(request: HttpRequest, fields: Mapping[str, str], result: Refused) -> HttpResponse:
    if wants_json(request):
        return refusal_json(result)
    context: dict[str, Any] = {"ticket": refused_ticket(fields, result.errors, account_of(request.user))}
    template = "trades/_ticket.html" if request.headers.get("HX-Request") else "trades/ticket.html"
    return render(request, template, context, status=422)


@require_safe
@signed_in
def ticket(request: HttpRequest) -> HttpResponse:
    """To htmx what the typed order would cost; to a browser a ticket of its own, filled in from the query."""
    fields = request.GET.dict()
    if request.headers.get("HX-Request"):
        shown = estimated_ticket(fields, account_of(request.user), timezone.now())
        return render(request, "trades/_estimate.html", {"ticket": shown})
    return render(request, "trades/ticket.html", {"ticket": blank_ticket(fields, account_of(request.user))})


@require_safe
@signed_in
def order(request: HttpRequest, order_id: uuid.UUID) -> HttpResponse:
    account = account_of(request.user)
    found = orders_of(account.pk).filter(pk=order_id).first() if account else None
    if found is None:
        raise Http404("No such order")
    if wants_json(request):
        return order_json(found)
    params = {"order": str(order_id)}
    context = {
        "page": page,
        "live": page.draw(request.user, params),
        "order": found,
        "values": changeable(found, {}),
        "topic": f"order/{order_id}",
    }
    return render(request, "trades/order.html", context)


@require_POST
@signed_in
def cancel(request: HttpRequest, order_id: uuid.UUID) -> HttpResponse:
    account = account_of(request.user)
    if account is None:
        raise Http404("No such order")
    try:
        found, refusal = services.cancel_order(account, order_id, timezone.now()), ""
    except Order.DoesNotExist:
        raise Http404("No such order") from None
    except IllegalTransition:
        found = orders_of(account.pk).get(pk=order_id)
        refusal = f"The order is {found.get_status_display().lower()} already; nothing is left to cancel"
    if wants_json(request):
        return errors_json({"status": refusal}, 422) if refusal else order_json(found)
    if refusal:
        return refuse(request, 422, "Nothing was cancelled", refusal, "/orders/")
    if request.headers.get("HX-Request"):
        return HttpResponse(render_fragment(f"orders/{account.pk}"))
    messages.success(request, f"Cancelled: {found.in_words}.")
    return redirect("trades:orders")


@require_POST
@signed_in
def replace(request: HttpRequest, order_id: uuid.UUID) -> HttpResponse:
    """Another quantity or price for a working order or a second one that waits; what is not sent stays as it is."""
    account = account_of(request.user)
    found = orders_of(account.pk).filter(pk=order_id).first() if account else None
    if account is None or found is None:
        raise Http404("No such order")
    try:
        fields = fields_of(request)
    except MalformedBody as error:
        return errors_json({"body": str(error)}, 400)
    result: Change | Order | Refused = clean_change(found, fields)
    try:
        if isinstance(result, Change):
            result = services.replace_order(account, order_id, result, timezone.now())
    except IllegalTransition:
        found.refresh_from_db()
        words = f"The order is {found.get_status_display().lower()} already; it cannot be changed"
        result = Refused({"status": words})
    if isinstance(result, Refused):
        return not_changed(request, found, fields, result)
    if wants_json(request):
        return order_json(result)
    if request.headers.get("HX-Request"):
        return render(
            request, "trades/_change.html", {"order": result, "values": changeable(result, {}), "changed": 1}
        )
    messages.success(request, f"Changed: {result.in_words}.")
    return redirect("trades:order", order_id)


def not_changed(request: HttpRequest, order: Order, fields: Mapping[str, str], result: Refused) -> HttpResponse:
    if wants_json(request):
        return refusal_json(result)
    context: dict[str, Any] = {"order": order, "values": changeable(order, fields), "errors": result.errors}
    if request.headers.get("HX-Request"):
        return render(request, "trades/_change.html", context, status=422)
    params = {"order": str(order.pk)}
    context |= {"page": page, "live": page.draw(request.user, params), "topic": f"order/{order.pk}"}
    return render(request, "trades/order.html", context, status=422)


@require_POST
@signed_in
def cancel_all(request: HttpRequest) -> HttpResponse:
    """Cancels every working order, or with `symbol` those of one symbol."""
    account = account_of(request.user)
    if account is None:
        return refuse(request, 422, "Nothing was cancelled", "You have no account yet; an admin can open one", "/")
    try:
        symbol = symbol_in(fields_of(request))
    except MalformedBody as error:
        return errors_json({"body": str(error)}, 400)
    except ValueError as error:
        return not_done(request, "Nothing was cancelled", Refused({"symbol": str(error)}), "/orders/")
    ended = services.cancel_all(account, symbol, timezone.now())
    if wants_json(request):
        return JsonResponse({"canceled": [str(order.pk) for order in ended]})
    if request.headers.get("HX-Request"):
        return HttpResponse(render_fragment(f"orders/{account.pk}"))
    messages.success(request, f"Cancelled: {len(ended)} order{'' if len(ended) == 1 else 's'}.")
    return redirect("trades:orders")


@require_POST
@signed_in
def close_position(request: HttpRequest) -> HttpResponse:
    """Sells all that is held of `symbol` at the market."""
    try:
        fields = fields_of(request)
        client_order_id = client_order_id_of(fields.get("client_order_id", "").strip())
    except MalformedBody as error:
        return errors_json({"body": str(error)}, 400)
    except ValueError as error:
        return not_closed(request, Refused({"client_order_id": str(error)}))
    try:
        symbol = symbol_in(fields)
    except ValueError as error:
        return not_closed(request, Refused({"symbol": str(error)}))
    account = account_of(request.user)
    if account is None:
        return not_closed(request, Refused({"account": "You have no account yet; an admin can open one"}))
    result = services.close_position(account, symbol, client_order_id, timezone.now())
    if isinstance(result, Refused):
        return not_closed(request, result)
    if wants_json(request):
        return placed_json(result)
    if request.headers.get("HX-Request"):
        return HttpResponse(render_fragment(f"orders/{account.pk}"))
    messages.success(request, f"Order sent: {result.order.in_words}.")
    return redirect("trades:orders")


def symbol_in(fields: Mapping[str, str]) -> str:
    """The symbol that is given, as it is called now; "" for none.

    Raises ValueError for what cannot be one: a database may choke on it.
    """
    text = fields.get("symbol", "").strip()
    return market.symbol_now(symbol_of(text)) if text else ""


def not_closed(request: HttpRequest, result: Refused) -> HttpResponse:
    return not_done(request, "The position was not closed", result, "/portfolio/")


def not_done(request: HttpRequest, title: str, result: Refused, again: str) -> HttpResponse:
    if wants_json(request):
        return refusal_json(result)
    return refuse(request, 422, title, " ".join(result.errors.values()), again)
