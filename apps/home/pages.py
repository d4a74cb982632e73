"""What the desk and a symbol's page show live."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import Http404

from apps.live.pages import Moved, Page
from apps.market import queries as market
from apps.market.models import Instrument
from apps.market.quotes import board
from apps.portfolio.queries import account_id
from apps.watchlist.pages import default_watchlist_id


def chosen_symbol(symbol: str) -> Instrument:
    """The instrument of a page's address, former symbols too. Raises Http404 for one that is not traded here."""
    try:
        return market.instrument(symbol)
    except Instrument.DoesNotExist:
        raise Http404(f"{symbol[:32]} is not traded here") from None


class DeskPage(Page):
    """Both the desk and a symbol's page: what a trader owns, and one instrument in the middle."""

    name = "desk"

    def named_topics(self, user: Any, symbol: str, *, alone: bool = False) -> dict[str, str]:
        """The page's topics by their place in the template; `alone` is the page of one symbol."""
        account = account_id.of(user)
        if account is None:
            raise Http404("No account yet: the desk's page opens one")
        topics = {
            "account": f"account/{account}",
            "orders": f"orders/{account}",
            "fills": f"fills/{account}",
            "halt": f"halt/{account}",
            "halt_all": "halt/desk",
        }
        if symbol:
            topics |= {"book": f"book/{symbol}", "bar": f"bar/{symbol}"}
        if alone:
            return topics | {"quote": f"quote/{symbol}", "position": f"position/{account}:{symbol}"}
        watchlist = default_watchlist_id(user)
        return topics | {"positions": f"positions/{account}", "watchlist": f"watchlist/{watchlist}"}

    def topics(self, user: Any, params: Mapping[str, str]) -> list[str]:
        symbol = params.get("symbol", "")
        if symbol and not board.knows(symbol) and chosen_symbol(symbol).symbol != symbol:
            raise Moved
        return list(self.named_topics(user, symbol, alone=params.get("alone") == "1").values())
