"""What a figure of performance is called and means: said once, in the docstring of the function that works it out.

A docstring's first paragraph is the definition, the one that begins with "None" says when there is no figure and why,
the one that begins with "Source:" where the definition comes from. The page and docs/trading.md show these words.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any, TypeVar

Work = TypeVar("Work", bound=Callable[..., Any])
PLACES = Decimal("0.000000000001")


@dataclass(frozen=True, slots=True)
class Figure:
    """`shown_as` is how it is written: a signed or plain share of one, USD, a plain number or seconds."""

    key: str
    label: str
    shown_as: str
    definition: str
    unknown: str
    source: str


figures: dict[str, Figure] = {}


def figure(label: str, shown_as: str) -> Callable[[Work], Work]:
    """Registers a function under its own name. Raises ValueError unless its docstring has all three parts."""

    def named(work: Work) -> Work:
        parts = [" ".join(part.split()) for part in inspect.cleandoc(work.__doc__ or "").split("\n\n")]
        unknown = next((part for part in parts if part.startswith("None ")), "")
        source = next((part for part in parts if part.startswith("Source: ")), "")
        if not (parts[0] and unknown and source):
            raise ValueError(
                f"the docstring of {work.__name__} must define it, say when it is None, and name its source"
            )
        reason = unknown.removeprefix("None ").removesuffix(".")
        key = work.__name__
        figures[key] = Figure(key, label, shown_as, parts[0], reason, source.removeprefix("Source: "))
        return work

    return named


def rounded(value: Decimal) -> Decimal:
    """A ratio to twelve places, half to even: what roots and powers leave behind them is no information."""
    return value.quantize(PLACES, ROUND_HALF_EVEN)
