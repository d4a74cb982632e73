"""Every figure says what it is, when there is none, and who says so; the docs list them all."""

from __future__ import annotations

from pathlib import Path

import pytest

from apps.desk import performance, performance_risk, performance_symbols, performance_trades
from apps.desk.performance_words import figure, figures

MODULES = (performance, performance_risk, performance_symbols, performance_trades)
DOCS = Path(__file__).parents[2] / "docs/trading.md"


def test_a_figure_is_known_by_the_name_of_its_function() -> None:
    assert [key for key in figures if not any(hasattr(module, key) for module in MODULES)] == []
    assert figures["win_rate"].unknown == "before the first closed trade"


@pytest.mark.parametrize("docstring", [None, "What it is.", "What it is.\n\nNone never.", "What.\n\nSource: a book."])
def test_a_figure_without_words_is_refused(docstring: str | None) -> None:
    def made() -> None: ...

    made.__doc__ = docstring

    with pytest.raises(ValueError, match="docstring of made"):
        figure("Made", "usd")(made)


@pytest.mark.parametrize("key", figures)
def test_the_docs_hold_the_words_of_the_code(key: str) -> None:
    text = " ".join(DOCS.read_text().split())

    for words in (f"**{figures[key].label}**", f"`{key}`", figures[key].definition, figures[key].source):
        assert words in text
