"""The public status page and its feed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib.syndication.views import Feed
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.feedgenerator import Atom1Feed
from django.views.decorators.http import require_safe

from .models import Update
from .queries import DAYS, announced, components, latest_look, shown_incidents


@require_safe
def status(request: HttpRequest) -> HttpResponse:
    """Says what is known, and where nothing is that nothing is."""
    now = timezone.now()
    found, incidents = components(now), shown_incidents()
    context = {
        "components": found,
        "days": DAYS,
        "looked": latest_look(now),
        "open": [each for each in incidents if each.resolved_at is None],
        "past": [each for each in incidents if each.resolved_at is not None],
        "announced": announced(now),
        "all_up": all(each.state == "up" for each in found),
        "now": now,
    }
    return render(request, "incidents/status.html", context)


class IncidentFeed(Feed):  # type: ignore[type-arg]
    """Atom (RFC 4287): an entry for each thing that was said in public."""

    feed_type = Atom1Feed
    title = "Livedesk status"
    subtitle = "Incidents of the trading desk"

    def link(self) -> str:
        return reverse("incidents:status")

    def items(self) -> list[Update]:
        said = Update.objects.filter(public=True, incident__public=True).select_related("incident")
        return list(said[:50])

    def item_title(self, item: Any) -> str:
        return str(item.incident.title)

    def item_description(self, item: Any) -> str:
        return str(item.words)

    def item_link(self, item: Any) -> str:
        return f"{self.link()}#incident-{item.incident_id}"

    def item_guid(self, item: Any) -> str:
        return f"livedesk-update-{item.pk}"

    item_guid_is_permalink = False

    def item_updateddate(self, item: Any) -> datetime:
        return item.at  # type: ignore[no-any-return]

    def item_pubdate(self, item: Any) -> datetime:
        return item.at  # type: ignore[no-any-return]
