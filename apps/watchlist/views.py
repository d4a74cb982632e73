"""The watchlist page and the commands that change lists."""

from __future__ import annotations

from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.views.decorators.http import require_POST, require_safe

from apps.accounts.answers import MalformedBody, fields_of, form_of, signed_in, wants_json

from . import queries, services
from .answers import done, refused, to_page
from .forms import NameForm, PlaceForm, symbols_in
from .models import WatchedSymbol, Watchlist
from .pages import WatchlistPage, asked_watchlist
from .services import Refused


@require_safe
@signed_in
def page(request: HttpRequest) -> HttpResponse:
    """One list of the user's, chosen by `?list=`; what was just removed can be brought back."""
    watchlist = asked_watchlist(request.user, request.GET.get("list", ""))
    shown, undo = WatchlistPage.registry[WatchlistPage.name], PlaceForm(request.GET)
    context = {
        "page": shown,
        "live": shown.draw(request.user, {"list": str(watchlist.pk)}),
        "watchlist": watchlist,
        "topic": f"watchlist/{watchlist.pk}",
        "tabs": queries.tabs_of(request.user),
        "undo": undo.cleaned_data if undo.is_valid() else None,
        "most": services.MOST_SYMBOLS,
    }
    return render(request, "watchlist/watchlist.html", context)


@require_POST
@signed_in
def add(request: HttpRequest) -> HttpResponse:
    """`symbol`, and `watchlist` when it is not the first: 201 put there, 200 there already, 422 refused."""
    try:
        fields = fields_of(request)
    except MalformedBody as error:
        return JsonResponse({"errors": {"body": [str(error)]}}, status=400)
    watchlist = asked_watchlist(request.user, fields.get("watchlist", ""))
    result = services.add_symbol(watchlist, fields.get("symbol", ""))
    if isinstance(result, Refused):
        return refused(request, watchlist, result)
    symbol = result.line.instrument.symbol
    facts = {"id": result.line.pk, "symbol": symbol, "created": result.created}
    words = f"{symbol} is on {watchlist.name} now." if result.created else f"{symbol} was there already."
    return done(request, watchlist, facts, status=201 if result.created else 200, words=words)


@require_POST
@signed_in
def import_many(request: HttpRequest, watchlist_id: int) -> HttpResponse:
    """`symbols`, parted by commas or spaces; what cannot be added is named, the rest is."""
    watchlist = own(request, watchlist_id)
    result = services.import_symbols(watchlist, symbols_in(form_of(request).get("symbols", "")))
    if result.refused and not wants_json(request):
        messages.error(request, " ".join(result.refused.values()))
    facts = {"added": result.added, "known": result.known, "refused": result.refused}
    words = f"Added: {', '.join(result.added)}." if result.added else "Nothing was added."
    return done(request, watchlist, facts, words=words)


@require_POST
@signed_in
def remove(request: HttpRequest, line_id: int) -> HttpResponse:
    line = own_line(request, line_id)
    watchlist, symbol = line.watchlist, line.instrument.symbol
    place = services.remove_symbol(line)
    facts = {"symbol": symbol, "place": place}
    if wants_json(request) or request.headers.get("HX-Request"):
        undo = {"watchlist": watchlist, "undo": facts}
        return done(request, watchlist, facts, extra=render_to_string("watchlist/_undo.html", undo))
    return to_page(watchlist, "&" + urlencode(facts))


@require_POST
@signed_in
def restore(request: HttpRequest, watchlist_id: int) -> HttpResponse:
    """Undo of `remove`: `symbol` comes back to `place`."""
    watchlist, form = own(request, watchlist_id), PlaceForm(request.GET.dict() | form_of(request))
    if not form.is_valid():
        return refused(request, watchlist, Refused("symbol", "Say which symbol comes back, and where."))
    result = services.restore_symbol(watchlist, form.cleaned_data["symbol"], form.cleaned_data["place"])
    if isinstance(result, Refused):
        return refused(request, watchlist, result)
    return done(request, watchlist, {"id": result.line.pk, "symbol": result.line.instrument.symbol})


@require_POST
@signed_in
def move(request: HttpRequest, line_id: int) -> HttpResponse:
    """One up or down, `by=up` or `by=down`: the way to reorder by keyboard."""
    line, by = own_line(request, line_id), {"up": -1, "down": 1}.get(form_of(request).get("by", ""))
    if by is None:
        return refused(request, line.watchlist, Refused("by", "A line moves up or down."))
    services.move_symbol(line, by)
    return done(request, line.watchlist, {"symbol": line.instrument.symbol})


@require_POST
@signed_in
def order(request: HttpRequest, watchlist_id: int) -> HttpResponse:
    """`symbols`: the whole list in its new order, as dragging leaves it."""
    watchlist, symbols = own(request, watchlist_id), symbols_in(form_of(request).get("symbols", ""))
    if refusal := services.reorder(watchlist, symbols):
        return refused(request, watchlist, refusal)
    return done(request, watchlist, {"symbols": symbols})


@require_POST
@signed_in
def create(request: HttpRequest) -> HttpResponse:
    result = services.create_watchlist(request.user, typed_name(request))
    if isinstance(result, Refused):
        return refused(request, None, result)
    return done(request, result, {"name": result.name}, status=201)


@require_POST
@signed_in
def rename(request: HttpRequest, watchlist_id: int) -> HttpResponse:
    watchlist = own(request, watchlist_id)
    if refusal := services.rename_watchlist(watchlist, typed_name(request)):
        return refused(request, watchlist, refusal)
    return done(request, watchlist, {"name": watchlist.name})


@require_POST
@signed_in
def delete(request: HttpRequest, watchlist_id: int) -> HttpResponse:
    watchlist = own(request, watchlist_id)
    if refusal := services.delete_watchlist(watchlist):
        return refused(request, watchlist, refusal)
    if wants_json(request):
        return JsonResponse({"deleted": watchlist_id})
    return to_page(None)


def own(request: HttpRequest, watchlist_id: int) -> Watchlist:
    try:
        return queries.own_watchlist(request.user, watchlist_id)
    except Watchlist.DoesNotExist:
        raise Http404("No such watchlist") from None


def own_line(request: HttpRequest, line_id: int) -> WatchedSymbol:
    try:
        return queries.own_line(request.user, line_id)
    except WatchedSymbol.DoesNotExist:
        raise Http404("No such line") from None


def typed_name(request: HttpRequest) -> str:
    """The cleaned name, empty when it is not one: the service says what a name is."""
    form = NameForm(form_of(request))
    return str(form.cleaned_data["name"]) if form.is_valid() else ""
