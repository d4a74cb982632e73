"""What the bench says about its figures."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench import matching
from bench.figures import Claim, medians, table
from bench.parties import Running
from bench.report import write
from bench.serve import TICKS

FOUND = {"product": {"cpu": 3.0, "p99": 104.5}, "socket.io": {"cpu": 10.0}, "C limit": {"cpu": 1.0}}


@pytest.mark.parametrize(
    "claim, holds",
    [
        (Claim("P99", "p99", at_most=104.5), True),
        (Claim("P99", "p99", at_most=104), False),
        (Claim("P99", "p99", at_least=105), False),
        (Claim("CPU", "cpu", at_most=0.30, of="socket.io"), True),
        (Claim("CPU", "cpu", at_most=2, of="C limit"), False),
        (Claim("CPU", "cpu"), None),
        (Claim("unknown", "unknown", at_most=1), None),
        (Claim("P99", "p99", at_most=1, of="socket.io"), None),
    ],
)
def test_a_claim_holds_within_its_bound(claim: Claim, holds: bool | None) -> None:
    assert claim.holds(FOUND) is holds


def test_medians_are_taken_of_what_every_round_has() -> None:
    assert medians([{"a": 1, "b": 2}, {"a": 3, "b": 9}, {"a": 2}]) == {"a": 2}
    assert medians([]) == {}


def test_a_table_says_what_does_not_hold() -> None:
    claims = (Claim("CPU", "cpu", at_most=0.25, of="socket.io"), Claim("closed after", "never", at_most=10))
    found = {"product": {"cpu": 3.0, "never": float("inf")}, "socket.io": {"cpu": 10.0}}

    assert table("Load", claims, found, ["product", "socket.io"]).splitlines() == [
        "| Load | limit | product | socket.io | ratio | holds |",
        "| --- | --- | ---: | ---: | ---: | --- |",
        "| CPU | ≤ 0.25 × socket.io | 3.0 | 10.0 | 0.30 | **no** |",
        "| closed after | ≤ 10 | never |  |  | **no** |",
    ]


@pytest.mark.parametrize(("a_second", "cells", "held"), [(10, "0.10 | yes", True), (9.9, "0.10 | **no**", False)])
def test_matching_that_decides_too_slowly_is_named_and_fails(a_second: float, cells: str, held: bool) -> None:
    text, holds = matching.table([("limits", 10_000, 10, 100.0), ("trailing stops", 10_000, 0, a_second)])

    assert text.splitlines()[-1] == f"| trailing stops | 10,000 | 0 | {1e6 / a_second:.1f} | {cells} |"
    assert holds is held


def test_what_was_offered_is_counted_within_the_window(tmp_path: Path) -> None:
    (tmp_path / TICKS).write_text("99 5\n100 7\n199 1\n200 4\n")

    assert Running(1, 1, [], 5, tmp_path).offered(100, 200) == 8
    assert Running(1, 1, [], 5).offered(0, 2_000_000) == 1000


def test_writing_keeps_what_stands_around(tmp_path: Path) -> None:
    document = tmp_path / "performance.md"
    document.write_text("before\n<!-- bench begins -->\n\nold\n\n<!-- bench ends -->\nafter\n")

    write("new", document)

    assert document.read_text() == "before\n<!-- bench begins -->\n\nnew\n\n<!-- bench ends -->\nafter\n"
