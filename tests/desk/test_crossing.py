"""A path that reaches a level is told once, whatever stands beside it and however the path is cut."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from apps.desk.crossing import Band, Bands, Moved

PRICES = st.integers(90, 110).map(Decimal)
LEVEL = Decimal(100)


def crossed(bands: Bands, prices: list[Decimal]) -> list[str]:
    return [key for price in prices for key in bands.see(price).crossed]


def test_level_is_reached_from_below_and_from_above() -> None:
    bands = Bands()
    bands.put("rise", Band(up=LEVEL), Decimal(99))
    bands.put("fall", Band(down=Decimal(98)), Decimal(99))

    seen = [bands.see(Decimal(price)).crossed for price in ("99.99", "100", "101", "98.01", "98", "97")]

    assert seen == [(), ("rise",), (), (), ("fall",), ()]
    assert len(bands) == 0


def test_who_is_beyond_at_the_start_must_come_back_first() -> None:
    bands = Bands()
    bands.put("rise", Band(up=LEVEL), Decimal(101))

    seen = [bands.see(Decimal(price)) for price in (102, 100, 99, 100)]

    assert seen == [Moved(), Moved(), Moved(back=("rise",)), Moved(crossed=("rise",))]


def test_a_band_is_left_at_either_end_once() -> None:
    bands = Bands()
    bands.put("move", Band(up=Decimal(105), down=Decimal(95)), LEVEL)

    assert crossed(bands, [Decimal(price) for price in (104, 96, 95, 106)]) == ["move"]


@given(st.lists(PRICES, min_size=1, max_size=30), PRICES.filter(lambda price: price < LEVEL))
def test_path_fires_once_if_its_highest_price_is_at_the_level_or_above(prices: list[Decimal], start: Decimal) -> None:
    bands = Bands()
    bands.put("rise", Band(up=LEVEL), start)

    assert crossed(bands, prices) == (["rise"] if max(prices) >= LEVEL else [])


LEVELS = st.lists(st.tuples(st.none() | PRICES, st.none() | PRICES, PRICES), max_size=8)


@given(LEVELS, st.lists(PRICES, max_size=30))
def test_many_together_are_each_as_if_alone(
    waiting: list[tuple[Decimal | None, Decimal | None, Decimal]], prices: list[Decimal]
) -> None:
    """The index is held against the rule, looked at for each of them at every price."""
    bands, moments = Bands(), dict[str, int]()
    for number, (up, down, start) in enumerate(waiting):
        bands.put(str(number), Band(up, down), start)

    told = [(place, key) for place, price in enumerate(prices) for key in bands.see(price).crossed]

    for number, (up, down, start) in enumerate(waiting):
        band = Band(up, down)
        inside = band.holds(start)
        for place, price in enumerate(prices):
            if inside and not band.holds(price):
                moments[str(number)] = place
                break
            inside = inside or band.holds(price)
    assert sorted(told) == sorted((place, key) for key, place in moments.items())


@given(LEVELS, PRICES)
def test_a_quiet_price_moves_nothing(
    waiting: list[tuple[Decimal | None, Decimal | None, Decimal]], price: Decimal
) -> None:
    bands = Bands()
    for number, (up, down, start) in enumerate(waiting):
        bands.put(str(number), Band(up, down), start)
    stays = {
        str(number)
        for number, (up, down, start) in enumerate(waiting)
        if Band(up, down).holds(start) == Band(up, down).holds(price)
    }

    assert (not bands.is_quiet(price)) or len(stays) == len(waiting)
