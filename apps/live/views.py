"""The poll that stands in for a socket, and the activity page."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe

from apps import telemetry

from .activity import ActivityPage, mark_read
from .asking import form_of, signed_in, signed_out, told, wants_json
from .cursor import event_number, seen_before
from .digest import MOST, Digest, digest_of, draw_digest, was_away
from .fragments import render_fragment
from .notices import board_for_visitors
from .pages import Moved, Page
from .releases import dismiss
from .tail import events_after
from .toasts import draw_beat, draw_toast
from .topics import FAMILIES, user_stream

RELOAD = "Reload the page"
MOVED = "What it shows is called otherwise now. Load its page again, and poll as that says."
NOT_GIVEN_OUT = "The number was never given out, or is too old. Poll without one: every state comes, and no event."
NOT_A_NUMBER = "seq must be the number of an event"


@require_safe
def poll(request: HttpRequest, page: str) -> HttpResponse:
    """The same fragments as the socket's, for a page that cannot have one: events after `since`, then all states."""
    if page not in Page.registry:
        raise Http404("No such page")
    if not request.user.is_authenticated:
        if wants_json(request):
            return signed_out()
        return HttpResponse("Signed out", status=401, content_type="text/plain")
    if not Page.registry[page].allows(request.user, lambda: request.session):
        telemetry.requests_refused.labels(page).inc()
        raise Http404("No such page")
    try:
        drawn = Page.registry[page].draw(request.user, request.GET.dict())
    except Moved:
        return told(request, 409, RELOAD, MOVED)
    since = seen_before(request.GET.get("since", str(drawn.seq)), drawn.seq)
    if since is None or since < drawn.forgotten:
        return told(request, 409, RELOAD, NOT_GIVEN_OUT)
    stream = user_stream(request.user.pk)
    digest = digest_of(stream, since, drawn.seq) if drawn.seq - since > MOST else None
    digest = digest if digest and was_away(digest) else None
    events = events_after(stream, digest.upto if digest else since)
    toasts = [draw_digest(digest)] if digest else []
    toasts += [draw_toast(event) for event in events if event.toast]
    states = [html for topic, html in drawn.items() if topic not in drawn.inner]
    last = max((event.seq for event in events), default=drawn.seq)
    answer = HttpResponse("\n".join([*toasts, *states, draw_beat(last)]))
    answer["Livedesk-Line"] = "on" if drawn.line else "off"
    return answer


@require_safe
@signed_in
def activity(request: HttpRequest) -> HttpResponse:
    """Every notification, unread first; a family at a time with `?family=`."""
    page = Page.registry[ActivityPage.name]
    params = request.GET.dict()
    context = {
        "page": page,
        "live": page.draw(request.user, params),
        "topic": page.topics(request.user, params)[0],
        "family": params.get("family", ""),
        "families": FAMILIES,
        "digest": asked_digest(request),
    }
    return render(request, "live/activity.html", context)


def asked_digest(request: HttpRequest) -> Digest | None:
    """What was missed between the numbers `after` and `upto`, as the toast that led here said it."""
    after, upto = (event_number(request.GET.get(name, "")) for name in ("after", "upto"))
    if after is None or upto is None or not request.user.is_authenticated:
        return None
    return digest_of(user_stream(request.user.pk), after, upto)


@require_safe
@signed_in
def away(request: HttpRequest) -> HttpResponse:
    """The same as one toast, for a page that collected too many while nobody looked; empty where they are few."""
    digest = asked_digest(request)
    return HttpResponse(draw_digest(digest) if digest else "")


@require_POST
@signed_in
def dismiss_news(request: HttpRequest) -> HttpResponse:
    """Puts the news of a release away, in every tab and for good."""
    assert request.user.pk is not None  # noqa: S101 -- signed_in
    if form_of(request).get("release") == settings.RELEASE:  # else the page is older than this release
        dismiss(request.user.pk, settings.RELEASE)
    if request.headers.get("HX-Request"):
        return HttpResponse(render_fragment(f"release/{request.user.pk}"))
    back = request.headers.get("Referer", "")
    return redirect(back if url_has_allowed_host_and_scheme(back, {request.get_host()}) else "/")


@require_safe
def notice(request: HttpRequest) -> HttpResponse:
    """The notices of now, for pages that have no line: to whoever asks, as every page shows them."""
    return HttpResponse(board_for_visitors())


@require_POST
@signed_in
def read(request: HttpRequest) -> HttpResponse:
    """Marks everything up to `seq` as read, for all tabs."""
    seq = event_number(form_of(request).get("seq", ""))
    if seq is None:
        return told(request, 422, NOT_A_NUMBER, "Send one that a notification has. Nothing was changed.")
    assert request.user.pk is not None  # noqa: S101 -- signed_in
    mark_read(request.user.pk, seq)
    if request.headers.get("HX-Request"):
        return HttpResponse(status=204)
    messages.success(request, "Marked as read.")
    return redirect("live:activity")
