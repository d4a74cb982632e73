"""What operators watch: a dashboard is a fragment, and one line and one poll show any of them, to staff alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from django.http import Http404

from apps.accounts.staff import may_watch
from apps.live.fragments import Fragment, registry
from apps.live.moments import now_us
from apps.live.pages import Page
from apps.live.topics import split

from .spans import span_of

FIRST = "operations"


class Dashboard(Fragment):
    """No event names what it shows: it is read again while somebody looks at it, as `following` says."""

    every = 5.0

    def key_of(self, user: Any, params: Mapping[str, str]) -> str:
        """All that its HTML depends on besides the moment; may read the database. Raises Http404 for nonsense."""
        return "now"

    def pause(self, key: str) -> float:
        """Least seconds between two readings."""
        return self.every

    def changed_us(self, key: str) -> int:
        """When anything of it changed last; called in a thread. What cannot tell has changed by now."""
        return now_us()


class SpanDashboard(Dashboard):
    """Its key is the span that its page shows."""

    usual: ClassVar[str] = "hour"

    def key_of(self, user: Any, params: Mapping[str, str]) -> str:
        return span_of(params, self.usual)


class OperationsPage(Page):
    """`of` says which dashboard."""

    name = "operations"

    def allows(self, user: Any, session: Callable[[], Mapping[str, Any]]) -> bool:
        return may_watch(user, session)

    def topics(self, user: Any, params: Mapping[str, str]) -> list[str]:
        board = registry.get(params.get("of", FIRST))
        if not isinstance(board, Dashboard):
            raise Http404("No such dashboard")
        return [f"{board.kind}/{board.key_of(user, params)}"]


def shown(user: Any, of: str, params: Mapping[str, str]) -> dict[str, Any]:
    """For a template: the page, what it shows, and the topic of the dashboard itself. Raises Http404."""
    page = OperationsPage()
    live = page.draw(user, {"of": of, **params})
    return {"page": page, "live": live, "topic": next(each for each in live if split(each)[0] == of)}
