"""The vendored libraries are what their table says."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

import pytest

VENDOR = Path(__file__).parents[2] / "static" / "vendor"
LINES = [
    [cell.strip() for cell in line.strip("|\n ").split("|")]
    for line in (VENDOR / "README.md").read_text().splitlines()
    if line.startswith("| ") and not line.startswith(("| file", "| ---"))
]


def test_every_vendored_file_is_in_the_table() -> None:
    builds = {path.name for path in VENDOR.iterdir() if path.suffix in {".js", ".css"}}

    assert builds == {line[0] for line in LINES}


@pytest.mark.parametrize(("file", "package", "licence", "texts", "digest"), LINES)
def test_vendored_file_is_unchanged(file: str, package: str, licence: str, texts: str, digest: str) -> None:
    built = base64.b64encode(hashlib.sha384((VENDOR / file).read_bytes()).digest()).decode()

    assert built == digest
    assert all((VENDOR / text).stat().st_size for text in texts.split(", "))
    assert package
    assert licence


def test_chart_credit_stands_where_candles_do() -> None:
    chart = (VENDOR.parents[1] / "templates" / "home" / "_chart.html").read_text()

    assert 'href="https://www.tradingview.com/"' in chart
