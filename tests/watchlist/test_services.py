"""Lists and their lines: what changes, what is refused, what is told."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase
from pytest_django import DjangoAssertNumQueries

from apps.accounts.models import User
from apps.live.models import Event
from apps.market.models import Instrument
from apps.watchlist import services
from apps.watchlist.models import WatchedSymbol, Watchlist
from apps.watchlist.queries import WELL_KNOWN, first_symbol, tabs_of, watchlist_view
from apps.watchlist.services import Added, Refused
from tests.examples import examples

pytestmark = pytest.mark.django_db


def symbols(watchlist: Watchlist) -> list[str]:
    view = watchlist_view(watchlist.pk)
    assert view
    return [line.symbol for line in view.lines]


def told() -> list[tuple[str, list[str]]]:
    return list(Event.objects.order_by("seq").values_list("kind", "topics"))


def line_of(watchlist: Watchlist, symbol: str) -> WatchedSymbol:
    return WatchedSymbol.objects.get(watchlist=watchlist, instrument__symbol=symbol)


def test_first_list_holds_eight_well_known_symbols(alice: User, market: None) -> None:
    made = services.default_watchlist(alice)

    assert symbols(made) == list(WELL_KNOWN)
    assert services.default_watchlist(alice) == made
    assert told() == []


def test_first_list_is_filled_up_from_what_is_traded(alice: User) -> None:
    for symbol in ("ZZZ", "MSFT", "BBB"):
        Instrument.objects.create(symbol=symbol, name=symbol)

    assert symbols(services.default_watchlist(alice)) == ["MSFT", "BBB", "ZZZ"]


def test_first_symbol_is_the_first_line_or_the_first_that_is_listed(
    alice: User, bob: User, watchlist: Watchlist
) -> None:
    services.move_symbol(line_of(watchlist, "MSFT"), -1)

    assert (first_symbol(alice), first_symbol(bob)) == ("MSFT", "AAPL")
    Instrument.objects.all().delete()
    assert first_symbol(alice) == ""


def test_added_symbol_is_last_and_told(watchlist: Watchlist) -> None:
    result = services.add_symbol(watchlist, " t07 ")

    assert isinstance(result, Added) and result.created
    assert symbols(watchlist) == [*WELL_KNOWN, "T07"]
    assert told() == [("watchlist.changed", [f"watchlist/{watchlist.pk}"])]
    assert not Event.objects.get().toast


def test_symbol_that_is_there_already_stays_and_is_not_told(watchlist: Watchlist) -> None:
    result = services.add_symbol(watchlist, "aapl")

    assert isinstance(result, Added) and not result.created
    assert (symbols(watchlist), told()) == (list(WELL_KNOWN), [])


@pytest.mark.parametrize("text", ["", " ", "NOPE", "GONE", "<script>", "A" * 400, "AA PL", "AAPL\n;", "NaN"])
def test_unknown_symbol_is_refused_with_words(watchlist: Watchlist, text: str) -> None:
    result = services.add_symbol(watchlist, text)

    assert isinstance(result, Refused)
    wanted = "is not a symbol that is traded here" if text.strip() else "Symbol is required"
    assert (result.field, wanted in result.words) == ("symbol", True)
    assert len(result.words) < 120
    assert (symbols(watchlist), told()) == (list(WELL_KNOWN), [])


def test_fifty_first_symbol_is_refused(watchlist: Watchlist) -> None:
    services.import_symbols(watchlist, [f"T{number:02}" for number in range(42)])

    result = services.add_symbol(watchlist, "T42")

    assert result == Refused(
        "symbol", "The list holds 50 symbols, the most there can be. Remove one, or use another list."
    )
    assert len(symbols(watchlist)) == 50
    again = services.add_symbol(watchlist, "T41")
    assert isinstance(again, Added) and not again.created


def test_import_adds_what_can_be_and_names_the_rest(watchlist: Watchlist) -> None:
    result = services.import_symbols(watchlist, ["t01", "AAPL", "NOPE", "T02", "t01", "T01"])

    assert (result.added, result.known, list(result.refused)) == (("T01", "T02"), ("AAPL", "T01"), ["NOPE"])
    assert symbols(watchlist) == [*WELL_KNOWN, "T01", "T02"]
    assert len(told()) == 1


def test_removed_symbol_comes_back_to_its_place(watchlist: Watchlist) -> None:
    place = services.remove_symbol(line_of(watchlist, "NVDA"))
    without = symbols(watchlist)

    services.restore_symbol(watchlist, "NVDA", place)

    assert (place, "NVDA" in without) == (2, False)
    assert symbols(watchlist) == list(WELL_KNOWN)
    assert len(told()) == 2


@pytest.mark.parametrize(("symbol", "by", "place"), [("MSFT", -1, 0), ("MSFT", 1, 2), ("AAPL", -1, 0), ("SPY", 1, 7)])
def test_move_goes_one_and_stops_at_the_ends(watchlist: Watchlist, symbol: str, by: int, place: int) -> None:
    services.move_symbol(line_of(watchlist, symbol), by)

    assert symbols(watchlist).index(symbol) == place
    assert sorted(symbols(watchlist)) == sorted(WELL_KNOWN)


def test_reorder_takes_the_whole_list_or_nothing(watchlist: Watchlist) -> None:
    backwards = list(reversed(WELL_KNOWN))

    assert services.reorder(watchlist, backwards) is None
    for wrong in (backwards[1:], [*backwards, "T01"], [*backwards[1:], "T01"], [*backwards, "AAPL"], []):
        assert isinstance(services.reorder(watchlist, wrong), Refused)

    assert symbols(watchlist) == backwards


def test_lists_are_made_renamed_and_deleted(alice: User, watchlist: Watchlist) -> None:
    tech = services.create_watchlist(alice, "Tech")
    assert isinstance(tech, Watchlist)

    assert services.rename_watchlist(tech, "Chips") is None
    assert [(tab.name, tab.count) for tab in tabs_of(alice)] == [("Watchlist", 8), ("Chips", 0)]
    assert services.delete_watchlist(watchlist) is None
    assert services.default_watchlist(alice) == tech
    assert isinstance(services.delete_watchlist(tech), Refused)


@pytest.mark.parametrize("name", ["", "Watchlist", "x" * 41, "bad\u202ename", "two\nlines"])
def test_bad_name_is_refused(alice: User, watchlist: Watchlist, name: str) -> None:
    other = services.create_watchlist(alice, "Other")
    assert isinstance(other, Watchlist)

    assert isinstance(services.create_watchlist(alice, name), Refused)
    assert isinstance(services.rename_watchlist(other, name), Refused)


def test_twenty_first_list_is_refused(alice: User, watchlist: Watchlist) -> None:
    made = [services.create_watchlist(alice, f"List {number}") for number in range(20)]

    assert [isinstance(each, Watchlist) for each in made] == [True] * 19 + [False]
    assert Watchlist.objects.count() == 20


@pytest.mark.parametrize("count", [1, 3])
def test_reading_a_list_takes_three_queries(
    watchlist: Watchlist, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    WatchedSymbol.objects.filter(rank__gte=count).delete()
    services.tell(watchlist)

    with django_assert_num_queries(3):
        view = watchlist_view(watchlist.pk)

    assert view and len(view.lines) == count


class AnyOrderOfChanges(TestCase):
    """Whatever is done to a list, its symbols stay unique, within the limit, and in a total order."""

    @settings(max_examples=examples(30, 500), deadline=None)
    @given(
        st.lists(
            st.tuples(st.sampled_from(["add", "remove", "up", "down"]), st.integers(0, 9)), min_size=1, max_size=25
        )
    )
    def test_list_stays_whole(self, steps: list[tuple[str, int]]) -> None:
        user = User.objects.create_user("anybody")
        for number in range(10):
            Instrument.objects.create(symbol=f"S{number}", name="S")
        watchlist = services.default_watchlist(user)
        model = symbols(watchlist)

        for action, number in steps:
            symbol = f"S{number}"
            if action == "add":
                services.add_symbol(watchlist, symbol)
                model += [symbol] if symbol not in model else []
            elif symbol in model and action == "remove":
                services.remove_symbol(line_of(watchlist, symbol))
                model.remove(symbol)
            elif symbol in model:
                by, at = (-1 if action == "up" else 1), model.index(symbol)
                services.move_symbol(line_of(watchlist, symbol), by)
                if 0 <= at + by < len(model):
                    model.insert(at + by, model.pop(at))

        assert symbols(watchlist) == model
