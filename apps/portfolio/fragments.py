"""What a trader owns, drawn: account strip, positions, one position with its lots, breakdown, ledger."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any
from weakref import WeakValueDictionary

from apps.live.activity import last_told
from apps.live.digest import Words, digest_words
from apps.live.fragments import Fragment, register
from apps.live.kinds import event_kinds
from apps.live.toasts import toast_template
from apps.market.quotes import board

from .ledger import LedgerPage, ledger_page
from .models import Account
from .queries import Holdings, holdings_of, load_holdings, portfolio_value

LATEST_ENTRIES = 10

toast_template("account", "portfolio/_toast.html")
event_kinds(
    "account",
    {
        "deposit": "cash came in",
        "withdrawal": "cash went out",
        "import": "fills made elsewhere were booked",
        "interest": "interest was booked",
        "borrow_fee": "a fee for borrowed shares was booked",
        "dividend": "a dividend was booked",
        "split": "shares were split",
        "symbol": "shares are called otherwise",
        "kind": "cash or margin from now on",
        "cost_method": "sales take other shares from now on",
        "mended": "positions were worked out again from the ledger",
        "margin_call": "too little equity: positions are being closed",
    },
)
digest_words("account", Words("transfer", "transfers", {"deposit": "in", "withdrawal": "out"}))


def against(facts: Holdings, symbol: str = "") -> str:
    """What the day's P&L is measured from: of all that counts, or of one symbol."""
    counts = [
        held for held in facts.positions if held.symbol == symbol or (not symbol and (held.quantity or held.traded))
    ]
    return close_in_words(facts.session_date, frozenset([held.closed_on for held in counts]))


@lru_cache
def close_in_words(session: date | None, closes: frozenset[date | None]) -> str:
    if len(closes) > 1:
        return "the previous close of each"
    closed_on = next(iter(closes), None)
    if closed_on:
        return f"the close of {closed_on:%a %-d %b}"
    return f"the close before {session:%-d %b %Y}" if session else "the previous close"


alive: WeakValueDictionary[tuple[int, bool], Holdings] = WeakValueDictionary()


def shared(facts: Holdings, *, lots: bool = False) -> Holdings:
    """The same facts, once the board has read the quotes they need: drawing does no I/O.

    They are those that a page already shows, if they are equal: all that is drawn of them shares one valuation.
    """
    for symbol in facts.symbols:
        board.latest(symbol)
    key = (facts.account_id, lots)
    known = alive.get(key)
    if known is not None and known == facts:
        return known
    alive[key] = facts
    return facts


def accounts_of(keys: Sequence[str]) -> list[Account]:
    """Raises Account.DoesNotExist unless every one of them is."""
    found = list(Account.objects.filter(pk__in=[int(key) for key in keys]))
    if len(found) < len(set(keys)):
        raise Account.DoesNotExist(f"not all of the accounts {', '.join(keys)} exist")
    return found


class ValueFragment(Fragment):
    """A view of the account at the marks: drawn again when a quote of what it holds moves."""

    source = "holdings"
    every = 0.25

    def load_many(self, keys: Sequence[str]) -> dict[str, Holdings]:
        """Raises Account.DoesNotExist."""
        held = {str(each.account_id): shared(each) for each in holdings_of(accounts_of(keys))}
        return {key: held[key] for key in keys}

    def follows(self, facts: Holdings) -> Iterable[str]:
        return [f"quote/{symbol}" for symbol in facts.symbols]

    def context(self, key: str, facts: Holdings) -> dict[str, Any]:
        view = portfolio_value(facts, board)
        return {"id": f"{self.kind}-{key}", "view": view, "against": against(facts), "ts": view.ts}


class AccountFragment(ValueFragment):
    """Equity, day P&L, unrealised and realised P&L, cash, buying power."""

    kind = "account"
    template = "portfolio/_account.html"


class PositionsFragment(ValueFragment):
    """What is held now."""

    kind = "positions"
    template = "portfolio/_positions.html"


class BreakdownFragment(ValueFragment):
    """Where the money is, and what each symbol earned."""

    kind = "breakdown"
    template = "portfolio/_breakdown.html"
    every = 1.0


class PositionFragment(Fragment):
    """`position/7:AAPL`: one symbol of account 7, with its lots."""

    kind = "position"
    template = "portfolio/_position.html"
    every = 0.25

    def load(self, key: str) -> Holdings:
        return shared(load_holdings(int(key.partition(":")[0]), lots=True), lots=True)

    def follows(self, facts: Holdings) -> Iterable[str]:
        return [f"quote/{symbol}" for symbol in facts.symbols]  # weight is a share of all that is held

    def context(self, key: str, facts: Holdings) -> dict[str, Any]:
        account, _, symbol = key.partition(":")
        view = portfolio_value(facts, board)
        return {
            "id": f"position-{account}-{symbol}",
            "symbol": symbol,
            "position": view.position(symbol),
            "view": view,
            "against": against(facts, symbol),
            "ts": view.ts,
        }


@dataclass(frozen=True)
class LatestEntries:
    page: LedgerPage
    changed_us: int


class LedgerFragment(Fragment):
    """The newest bookings."""

    kind = "ledger"
    template = "portfolio/_ledger.html"

    def load(self, key: str) -> LatestEntries:
        user_id = Account.objects.values_list("user_id", flat=True).get(pk=int(key))
        changed_us = last_told(user_id)
        return LatestEntries(ledger_page(int(key), size=LATEST_ENTRIES), changed_us)

    def context(self, key: str, facts: LatestEntries) -> dict[str, Any]:
        return {"id": f"ledger-{key}", "page": facts.page, "ts": facts.changed_us}


for fragment in (
    AccountFragment(),
    PositionsFragment(),
    BreakdownFragment(),
    PositionFragment(),
    LedgerFragment(),
):
    register(fragment)
