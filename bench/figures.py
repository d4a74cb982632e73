"""Medians over rounds, and what they say about a promise."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Figures = dict[str, float]
RATIO_TO = "socket.io"


@dataclass(frozen=True)
class Claim:
    """A figure of the product, or its ratio to another party's (`of`), and how much or little it may be."""

    figure: str
    key: str
    at_most: float | None = None
    at_least: float | None = None
    of: str = ""
    digits: int = 1

    @property
    def bound(self) -> str:
        sign, bound = ("≤", self.at_most) if self.at_most is not None else ("≥", self.at_least)
        if bound is None:
            return ""
        return f"{sign} {bound:,g}" + (f" × {self.of}" if self.of else "")

    def holds(self, medians: Mapping[str, Figures]) -> bool | None:
        """None where nothing is promised, or nobody was measured."""
        value = self.ratio(medians, self.of) if self.of else self.value(medians, "product")
        if value is None or (self.at_most is None and self.at_least is None):
            return None
        return (self.at_most is None or value <= self.at_most) and (self.at_least is None or value >= self.at_least)

    def value(self, medians: Mapping[str, Figures], party: str) -> float | None:
        return medians.get(party, {}).get(self.key)

    def ratio(self, medians: Mapping[str, Figures], other: str) -> float | None:
        own, others = self.value(medians, "product"), self.value(medians, other)
        return own / others if own is not None and others else None


def medians(rounds: Sequence[Figures]) -> Figures:
    keys = set.intersection(*(set(each) for each in rounds)) if rounds else set()
    return {key: statistics.median(each[key] for each in rounds) for key in sorted(keys)}


def number(value: float | None, digits: int) -> str:
    if value is None:
        return ""
    return "never" if value == float("inf") else f"{value:,.{digits}f}"


def row(claim: Claim, found: Mapping[str, Figures], parties: Sequence[str]) -> str:
    holds = claim.holds(found)
    ratio = claim.ratio(found, claim.of or RATIO_TO)
    cells = [
        claim.figure,
        claim.bound,
        *(number(claim.value(found, party), claim.digits) for party in parties),
        number(ratio, 2),
        "" if holds is None else "yes" if holds else "**no**",
    ]
    return f"| {' | '.join(cells)} |"


def table(title: str, claims: Sequence[Claim], found: Mapping[str, Figures], parties: Sequence[str]) -> str:
    """A Markdown table; the ratio is to socket.io unless the limit names another."""
    heads = [title, "limit", *parties, "ratio", "holds"]
    rule = ["---", "---", *["---:"] * (len(parties) + 1), "---"]
    rows = [row(claim, found, parties) for claim in claims]
    return "\n".join([f"| {' | '.join(heads)} |", f"| {' | '.join(rule)} |", *rows])
