"""The only writer of watchlists. A change is told to all of its owner's pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from apps.accounts.models import User
from apps.desk.instrument import symbol_of
from apps.live.announce import announce
from apps.live.topics import user_stream
from apps.market import queries as market
from apps.market.models import Instrument

from . import queries
from .models import WatchedSymbol, Watchlist

MOST_SYMBOLS = 50
MOST_LISTS = 20
LONGEST_NAME = 40
FIRST_NAME = "Watchlist"


@dataclass(frozen=True)
class Added:
    """The line that stands for the symbol; `created` is False when it stood there before."""

    line: WatchedSymbol
    created: bool


@dataclass(frozen=True)
class Imported:
    """What became of several symbols: added, there already, and those refused with the reason."""

    added: tuple[str, ...]
    known: tuple[str, ...]
    refused: dict[str, str]


@dataclass(frozen=True)
class Refused:
    """Nothing was changed; `words` are for the trader, `field` is the input they belong to."""

    field: str
    words: str


def default_watchlist(user: Any) -> Watchlist:
    """The user's first list, made with well-known symbols at first need."""
    return Watchlist.objects.filter(user=user).order_by("rank", "id").first() or first_watchlist(user)


@transaction.atomic
def first_watchlist(user: Any) -> Watchlist:
    made, created = Watchlist.objects.get_or_create(user=user, name=FIRST_NAME)
    if created:
        lines = [WatchedSymbol(watchlist=made, instrument=row, rank=n) for n, row in enumerate(queries.starters())]
        WatchedSymbol.objects.bulk_create(lines)
    return made


@transaction.atomic
def add_symbol(watchlist: Watchlist, text: str) -> Added | Refused:
    """Put one symbol at the end; one that is on the list stays where it is."""
    lines = locked_lines(watchlist)
    result = append(watchlist, lines, text)
    if isinstance(result, Added) and result.created:
        tell(watchlist)
    return result


@transaction.atomic
def import_symbols(watchlist: Watchlist, texts: Sequence[str]) -> Imported:
    """Put several symbols at the end; each that cannot be is named with its reason, the others are kept."""
    lines = locked_lines(watchlist)
    added, known, refused = [], [], {}
    for text in dict.fromkeys(texts):
        result = append(watchlist, lines, text)
        if isinstance(result, Refused):
            refused[text] = result.words
        elif result.created:
            added.append(result.line.instrument.symbol)
            lines.append(result.line)
        else:
            known.append(result.line.instrument.symbol)
    if added:
        tell(watchlist)
    return Imported(tuple(added), tuple(known), refused)


@transaction.atomic
def remove_symbol(line: WatchedSymbol) -> int:
    """Take the line off its list. Returns its place, for `restore_symbol`."""
    lines = locked_lines(line.watchlist)
    place = next((n for n, each in enumerate(lines) if each.pk == line.pk), len(lines))
    line.delete()
    tell(line.watchlist)
    return place


@transaction.atomic
def restore_symbol(watchlist: Watchlist, text: str, place: int) -> Added | Refused:
    """Undo a removal: the symbol comes back to the place it had."""
    lines = locked_lines(watchlist)
    result = append(watchlist, lines, text)
    if isinstance(result, Added) and result.created:
        lines.insert(max(0, min(place, len(lines))), result.line)
        keep_order(lines)
        tell(watchlist)
    return result


@transaction.atomic
def move_symbol(line: WatchedSymbol, by: int) -> None:
    """Up (-1) or down (+1) by one; at the end of the list it stays."""
    lines = locked_lines(line.watchlist)
    place = next((n for n, each in enumerate(lines) if each.pk == line.pk), None)
    if place is None or not 0 <= place + by < len(lines):
        return
    lines.insert(place + by, lines.pop(place))
    keep_order(lines)
    tell(line.watchlist)


@transaction.atomic
def reorder(watchlist: Watchlist, symbols: Sequence[str]) -> Refused | None:
    """The whole new order; it must name each symbol of the list once."""
    lines = {line.instrument.symbol: line for line in locked_lines(watchlist)}
    if sorted(symbols) != sorted(lines):
        return Refused("symbols", "The list has changed meanwhile. Nothing was moved; try again.")
    keep_order([lines[symbol] for symbol in symbols])
    tell(watchlist)
    return None


@transaction.atomic
def create_watchlist(user: Any, name: str) -> Watchlist | Refused:
    User.objects.select_for_update().get(pk=user.pk)
    mine = Watchlist.objects.filter(user=user)
    if mine.count() >= MOST_LISTS:
        return Refused("name", f"You have {MOST_LISTS} lists, the most there can be. Delete one first.")
    if refusal := bad_name(user, name):
        return refusal
    last = mine.order_by("-rank").values_list("rank", flat=True).first()
    return Watchlist.objects.create(user=user, name=name, rank=0 if last is None else last + 1)


@transaction.atomic
def rename_watchlist(watchlist: Watchlist, name: str) -> Refused | None:
    if name == watchlist.name:
        return None
    if refusal := bad_name(watchlist.user, name):
        return refusal
    watchlist.name = name
    watchlist.save(update_fields=["name"])
    tell(watchlist)
    return None


@transaction.atomic
def delete_watchlist(watchlist: Watchlist) -> Refused | None:
    """The last list stays: the desk always shows one."""
    User.objects.select_for_update().get(pk=watchlist.user_id)
    if Watchlist.objects.filter(user=watchlist.user_id).count() == 1:
        return Refused("name", "This is your only list. Make another one before you delete it.")
    tell(watchlist)
    watchlist.delete()
    return None


def locked_lines(watchlist: Watchlist) -> list[WatchedSymbol]:
    """The lines in order, with the list locked so that two tabs cannot pass a limit or tear the order."""
    Watchlist.objects.select_for_update().get(pk=watchlist.pk)
    return list(watchlist.symbols.select_related("instrument").order_by("rank", "id"))


def append(watchlist: Watchlist, lines: Sequence[WatchedSymbol], text: str) -> Added | Refused:
    try:
        instrument = market.tradable(symbol_of(text))
    except (ValueError, Instrument.DoesNotExist):
        if not text.strip():
            return Refused("symbol", "Symbol is required, such as AAPL.")
        return Refused("symbol", f"{text.strip()[:32]} is not a symbol that is traded here. Search by symbol or name.")
    for line in lines:
        if line.instrument.pk == instrument.pk:
            return Added(line, created=False)
    if len(lines) >= MOST_SYMBOLS:
        words = f"The list holds {MOST_SYMBOLS} symbols, the most there can be. Remove one, or use another list."
        return Refused("symbol", words)
    rank = lines[-1].rank + 1 if lines else 0
    line = WatchedSymbol.objects.create(watchlist=watchlist, instrument=instrument, rank=rank)
    return Added(line, created=True)


def keep_order(lines: Sequence[WatchedSymbol]) -> None:
    for rank, line in enumerate(lines):
        line.rank = rank
    WatchedSymbol.objects.bulk_update(lines, ["rank"])


def bad_name(user: Any, name: str) -> Refused | None:
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        return Refused("name", f"A name has 1 to {LONGEST_NAME} characters.")
    if Watchlist.objects.filter(user=user, name=name).exists():
        return Refused("name", f"You have a list named {name} already.")
    return None


def tell(watchlist: Watchlist) -> None:
    """Every page of the owner that shows the list draws it again; no toast, for the list shows it."""
    facts = {"watchlist": watchlist.pk}
    announce(user_stream(watchlist.user_id), "watchlist.changed", facts, topics=[f"watchlist/{watchlist.pk}"])
