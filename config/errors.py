"""What a request gets that cannot be read at all, names nothing, or uses a method that is not taken."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from asgiref.sync import iscoroutinefunction, sync_to_async
from django.conf import settings
from django.core.exceptions import BadRequest, DisallowedHost, RequestDataTooBig
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import get_template
from django.utils.decorators import sync_and_async_middleware
from django.views.defaults import bad_request, page_not_found

from apps.accounts.answers import OnlyForms, refusal, wants_json

FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
KINDS = (*FORMS, "application/json")
"""What a body may be."""


class TooLarge(RequestDataTooBig):
    """A whole body that is; Django's own is raised for its fields, without a file."""


class WrongKind(BadRequest):
    """A body that nothing here reads; its argument is the kind."""


def speaks_html(request: HttpRequest) -> bool:
    """Whether a whole page is what the asker can show."""
    return not wants_json(request) and not request.headers.get("HX-Request")


def unreadable(request: HttpRequest, exception: Exception) -> HttpResponse:
    """413 where Django says 400 for a body that is too large, 415 for one of another kind; else 400."""
    if isinstance(exception, WrongKind):
        return of_wrong_kind(request, str(exception))
    if isinstance(exception, OnlyForms):
        words = f"The body is JSON. This address takes a form ({' or '.join(FORMS)}). Nothing was changed."
        return not_in_that_form(request, words, FORMS)
    if isinstance(exception, TooLarge):
        most = most_of(request) // 1024
        return refusal(request, 413, "Too large", f"A request may hold {most} kB at most. Nothing was changed.")
    if isinstance(exception, RequestDataTooBig):
        most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE // 1024
        by_file = " Send what is longer as a file." if request.path in settings.UPLOADS else ""
        words = f"What is typed or pasted may hold {most} kB at most.{by_file} Nothing was changed."
        return refusal(request, 413, "Too large", words)
    if speaks_html(request) or isinstance(exception, DisallowedHost):
        return bad_request(request, exception)
    return refusal(request, 400, "The request could not be read", "Check its fields. Nothing was changed.")


def of_wrong_kind(request: HttpRequest, kind: str) -> HttpResponse:
    said = f"The body is {kind[:80]}" if kind else "The body has no Content-Type"
    words = (
        f"{said}. Send a form (application/x-www-form-urlencoded or multipart/form-data) or, where the address takes "
        "it, JSON (application/json). Nothing was changed."
    )
    return not_in_that_form(request, words, KINDS)


def not_in_that_form(request: HttpRequest, words: str, kinds: Sequence[str]) -> HttpResponse:
    answer = refusal(request, 415, "Not in that form", words)
    answer["Accept"] = ", ".join(kinds)
    return answer


def missing(request: HttpRequest, exception: Exception) -> HttpResponse:
    if speaks_html(request):
        return page_not_found(request, exception)
    return refusal(request, 404, "Not found", "There is nothing at this address, or it belongs to another account.")


def broken(request: HttpRequest) -> HttpResponse:
    """Says by which id the fault stands in the log; asks nothing of what may be broken."""
    name = getattr(request, "request_id", "")
    if wants_json(request):
        words = f"The fault has been recorded as {name}. Look under Orders before you send an order again."
        return JsonResponse({"error": "The desk could not answer", "detail": words, "request": name}, status=500)
    return HttpResponse(get_template("500.html").render({"request_id": name}), status=500)


def weigh(request: HttpRequest) -> None:
    """Raises TooLarge for any body that is: Django itself weighs no files, and nothing sent in chunks."""
    if size_of(request) > most_of(request):
        raise TooLarge("The body is too large")


def tell_kind(request: HttpRequest) -> None:
    """Raises WrongKind for a post that Django would read as no fields at all."""
    if request.method == "POST" and request.content_type not in KINDS and size_of(request):
        raise WrongKind(request.content_type)


def size_of(request: HttpRequest) -> int:
    if "chunked" in request.headers.get("Transfer-Encoding", "").lower():
        return len(request.body)
    return int(request.META.get("CONTENT_LENGTH") or 0)


def most_of(request: HttpRequest) -> int:
    """How much a body may hold (bytes): more only where files are sent."""
    most: int = settings.UPLOADS.get(request.path, settings.DATA_UPLOAD_MAX_MEMORY_SIZE)
    return most


def name_methods(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Words for a method that is not taken, where there were none."""
    allowed = response["Allow"]
    words = f"This address takes {allowed}, not {request.method}. Nothing was changed."
    answer = refusal(request, 405, "Not that way", words)
    answer["Allow"] = allowed
    return answer


@sync_and_async_middleware
def bounds(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    """Bodies of a bounded size and a known kind, by a method that the address takes.

    Stands last: refusals show who is signed in.
    """
    if iscoroutinefunction(get_response):

        async def later(request: HttpRequest) -> HttpResponse:
            weigh(request)
            tell_kind(request)
            response: HttpResponse = await get_response(request)
            return await sync_to_async(name_methods)(request, response) if is_mute(response) else response

        return later

    def now(request: HttpRequest) -> HttpResponse:
        weigh(request)
        tell_kind(request)
        response: HttpResponse = get_response(request)
        return name_methods(request, response) if is_mute(response) else response

    return now


def is_mute(response: HttpResponse) -> bool:
    return response.status_code == 405 and not response.content
