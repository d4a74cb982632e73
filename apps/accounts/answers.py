"""Who may ask, what a request carries, and a refusal in the form the asker reads."""

from __future__ import annotations

import json
from collections.abc import Mapping

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

from apps.live.asking import OnlyForms, form_of, signed_in, wants_json

__all__ = ["MalformedBody", "OnlyForms", "fields_of", "form_of", "refusal", "signed_in", "wants_json"]


class MalformedBody(ValueError):
    """The body cannot be read as what its content type says."""


def fields_of(request: HttpRequest) -> Mapping[str, str]:
    """The fields of a form or of a JSON object, as text; null is no field. Raises MalformedBody."""
    if request.content_type != "application/json":
        return request.POST.dict()
    try:
        fields = json.loads(request.body, parse_float=str, parse_int=str, parse_constant=str)
        json.dumps(fields, ensure_ascii=False).encode()  # half of a surrogate pair is JSON, but no page can say it
    except (ValueError, RecursionError) as error:
        raise MalformedBody(f"The body is not JSON: {error}") from None
    if not isinstance(fields, dict) or not all(isinstance(value, str | None) for value in fields.values()):
        raise MalformedBody("The body must be a JSON object of texts")
    return {name: text for name, text in fields.items() if text is not None}


def refusal(request: HttpRequest, status: int, title: str, words: str, again: str = "/") -> HttpResponse:
    """`words` say what is wrong and what to do; `again` is where the page's one link leads."""
    if wants_json(request):
        return JsonResponse({"error": title, "detail": words}, status=status)
    context = {"title": title, "words": words, "again": again}
    if not request.headers.get("HX-Request"):
        return render(request, "accounts/refused.html", context, status=status)
    answer = render(request, "accounts/_refused.html", context, status=status)
    answer["HX-Retarget"], answer["HX-Reswap"] = "#toasts", "afterbegin"
    return answer
