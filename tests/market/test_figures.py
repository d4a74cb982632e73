from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation

import pytest
from django.utils.html import escape
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.market.templatetags import figures
from tests.examples import examples

CENT = Decimal("0.01")
NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("usd", "1234567.5", "1,234,567.50"),
        ("usd", "-1234.5", "−1,234.50"),
        ("usd", "-0.001", "0.00"),
        ("usd", "0.125", "0.12"),
        ("signed_usd", "12.3", "+12.30"),
        ("signed_usd", "-12.3", "−12.30"),
        ("signed_usd", "0", "0.00"),
        ("pct", "0.12345", "12.34%"),
        ("pct", "1", "100.00%"),
        ("signed_pct", "0.0123", "+1.23%"),
        ("signed_pct", "-0.0123", "−1.23%"),
        ("signed_pct", "0.00001", "0.00%"),
        ("price", "12.5", "12.50"),
        ("price", "12.50000000", "12.50"),
        ("price", "1234", "1,234.00"),
        ("price", "0.12340000", "0.1234"),
        ("price", "49.025", "49.025"),
        ("qty", "1200.00000000", "1,200"),
        ("qty", "100", "100"),
        ("qty", "0.50000000", "0.5"),
        ("qty", "-3", "−3"),
        ("direction", "0.01", "gain"),
        ("direction", "-0.01", "loss"),
        ("direction", "0", "flat"),
    ],
)
def test_figure_of_a_number(name: str, value: str, text: str) -> None:
    assert getattr(figures, name)(Decimal(value)) == text


@pytest.mark.parametrize("name", ["usd", "signed_usd", "pct", "signed_pct", "price", "qty", "ago"])
def test_figure_of_what_is_not_known_is_a_dash(name: str) -> None:
    assert getattr(figures, name)(None) == "—"


def test_direction_of_what_is_not_known_is_flat() -> None:
    assert figures.direction(None) == "flat"


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0 s"), (59.9, "59 s"), (60, "1 min"), (7200, "2 h"), (90_000, "1 d"), (-5, "0 s")]
)
def test_ago_in_the_largest_unit(seconds: float, text: str) -> None:
    assert figures.ago(NOW - timedelta(seconds=seconds), NOW) == text


@given(st.decimals(min_value="-1e12", max_value="1e12", places=2))
def test_usd_reads_back_exactly(value: Decimal) -> None:
    text = figures.signed_usd(value)

    assert Decimal(text.replace(",", "").replace("−", "-")) == value
    assert text.startswith("+") == (value > 0)
    assert "-" not in text


@given(st.decimals(min_value="0", max_value="1e9", places=8))
def test_price_loses_no_decimal(value: Decimal) -> None:
    assert Decimal(figures.price(value).replace(",", "")) == value


def test_figures_of_an_event_are_text_and_read_the_same() -> None:
    assert (figures.price("246.1"), figures.qty("1200"), figures.usd("100000")) == ("246.10", "1,200", "100,000.00")


# The figures as they are defined, step by step; what is drawn takes shorter ways


def plain(value: Decimal, sign: str = "") -> str:
    text = f"{abs(value):,f}"
    return f"−{text}" if value < 0 else f"{sign}{text}" if value else text


def in_cents(value: Decimal) -> Decimal:
    return value.quantize(CENT, rounding=ROUND_HALF_EVEN)


def plain_price(value: Decimal) -> str:
    if value.as_tuple().exponent == -2:
        return plain(value)
    short = value.normalize()
    return plain(short if int(short.as_tuple().exponent) < -2 else value.quantize(CENT))


def plain_quantity(value: Decimal) -> str:
    whole = value.to_integral_value()
    return plain(whole if whole == value else value.normalize())


PLAIN = {
    "usd": lambda value: plain(in_cents(value)),
    "signed_usd": lambda value: plain(in_cents(value), "+"),
    "pct": lambda value: plain(in_cents(value * 100)) + "%",
    "signed_pct": lambda value: plain(in_cents(value * 100), "+") + "%",
    "price": plain_price,
    "qty": plain_quantity,
    "direction": lambda value: "gain" if value > 0 else "loss" if value < 0 else "flat",
}
EXPONENTS = st.integers(-30, 5)
EDGES = ["0", "-0", "0.00", "-0.00", "-0E-8", "0E+3", "-0.005", "0.005", "0.015", "-0.0149", "1E+5"]
FIGURES = st.one_of(
    st.decimals(min_value="-1e15", max_value="1e15", allow_nan=False, allow_infinity=False),
    st.decimals(min_value="-1e7", max_value="1e7", places=2),
    st.decimals(min_value="-10", max_value="10", places=3),
    st.decimals(min_value="-1e9", max_value="1e9", places=8),
    st.builds(lambda digits, exponent: Decimal(digits).scaleb(exponent), st.integers(-(10**20), 10**20), EXPONENTS),
    st.sampled_from(EDGES).map(Decimal),
)


@pytest.mark.parametrize("name", PLAIN)
@settings(max_examples=examples(300), deadline=None)
@given(value=FIGURES)
def test_figure_is_written_as_it_is_defined(name: str, value: Decimal) -> None:
    try:
        expected = PLAIN[name](value)
    except InvalidOperation:  # more digits than a Decimal is rounded with
        return

    assert getattr(figures, name)(value) == expected


@pytest.mark.parametrize("name", [*PLAIN, "meter"])
@settings(deadline=None)
@given(value=st.one_of(st.none(), FIGURES))
def test_figure_needs_no_escaping(name: str, value: Decimal | None) -> None:
    """The templates of templates/hot rest on this."""
    text = getattr(figures, name)(value)

    assert escape(text) == text


@pytest.mark.parametrize("name", ["usd", "signed_usd", "pct", "signed_pct"])
@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity"])
def test_what_is_no_number_is_no_figure(name: str, value: str) -> None:
    with pytest.raises(ValueError, match="not a finite number"):
        getattr(figures, name)(Decimal(value))


def test_meter_goes_from_nothing_to_all() -> None:
    found = [figures.meter(each) for each in (None, Decimal("0.12345678"), Decimal(1))]

    assert found == ["0.0000", "0.1235", "1.0000"]


def test_moment_is_written_to_the_second() -> None:
    assert figures.moment(NOW) == "2 Mar 2026 12:00:00"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (0.9, "1 s"),
        (59.9, "1 min"),
        (184, "3 min 4 s"),
        (7500, "2 h 5 min"),
        (86_400, "1 d"),
        (90_000, "1 d 1 h"),
    ],
)
def test_durations_in_their_two_largest_units(seconds, text):
    assert figures.duration(timedelta(seconds=seconds)) == text
