"""Finding a symbol, and the bars behind its chart."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from apps.accounts.answers import signed_in, wants_json
from apps.desk.quote import EPOCH

from . import queries
from .bars import MinuteBar
from .models import Instrument
from .quotes import board

MOST_MINUTES = 2880


@require_safe
@signed_in
def search(request: HttpRequest) -> HttpResponse:
    """What matches `q`: JSON, options for htmx, a page for a plain form."""
    text = request.GET.get("q", "").strip()[:64]
    found = queries.search(text)
    if wants_json(request):
        return JsonResponse({"symbols": [asdict(each) for each in found]})
    template = "market/_options.html" if request.headers.get("HX-Request") else "market/search.html"
    return render(request, template, {"text": text, "found": found})


@require_safe
@signed_in
def bars(request: HttpRequest, symbol: str) -> JsonResponse:
    """One-minute bars, oldest first, the minute being traded last; `time` in seconds since the epoch."""
    text = request.GET.get("minutes", "390")
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:5]) <= MOST_MINUTES and len(text) <= 4):
        words = f"Minutes must be a whole number from 1 to {MOST_MINUTES}"
        return JsonResponse({"errors": {"minutes": [words]}}, status=422)
    try:
        instrument = queries.instrument(symbol)
    except Instrument.DoesNotExist:
        words = f"{symbol[:32]} is not traded here. Search by symbol or name."
        return JsonResponse({"error": "Not found", "detail": words}, status=404)
    saved = queries.bars(instrument.symbol, int(text))
    found = with_unsaved(saved, board.last_minutes(instrument.symbol))
    return JsonResponse({"symbol": instrument.symbol, "bars": [row(each) for each in found[-int(text) :]]})


def with_unsaved(saved: list[MinuteBar], seen: list[MinuteBar]) -> list[MinuteBar]:
    """The bars on record, gone on with the later minutes that this process saw traded."""
    last = saved[-1].start if saved else EPOCH
    later = [bar for bar in seen if bar.start >= last]
    return [*saved[:-1], *later] if saved and later and later[0].start == last else [*saved, *later]


def row(bar: MinuteBar) -> dict[str, Any]:
    prices = {"open": bar.open, "high": bar.high, "low": bar.low, "close": bar.close, "volume": bar.volume}
    return {"time": int(bar.start.timestamp()), **{name: f"{value:f}" for name, value in prices.items()}}
