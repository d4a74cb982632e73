"""Contrast of the tokens, computed from the sheet: at least 4.5:1 for text, in both themes and both palettes."""

from __future__ import annotations

import re

import pytest

from tests.architecture.tree import ROOT

SHEET = (ROOT / "static/css/desk.css").read_text()
TOKEN = re.compile(r"(--[a-z0-9-]+):\s*(?:light-dark\((#[0-9a-f]{6}),\s*(#[0-9a-f]{6})\)|(#[0-9a-f]{6}));")
THEMES = {"light": 0, "dark": 1}
TEXT_ON = {
    "text": ("bg", "panel", "raised", "hover", "field", "accent-soft"),
    "text-2": ("bg", "panel", "raised", "hover", "accent-soft"),
    "text-3": ("bg", "panel", "raised", "hover", "field", "accent-soft"),
    "accent": ("bg", "panel", "raised", "hover", "accent-soft"),
    "gain": ("panel", "raised", "hover", "gain-soft", "loss-soft"),
    "loss": ("panel", "raised", "hover", "gain-soft", "loss-soft"),
    "buy-text": ("panel", "raised", "hover"),
    "sell-text": ("panel", "raised", "hover"),
    "warn": ("panel", "raised", "warn-soft"),
    "danger-text": ("panel", "raised"),
    "paper-text": ("paper-bg",),
}
WHITE_ON = ("accent-fill", "buy", "sell")


def tokens(source: str) -> dict[str, tuple[str, str]]:
    return {name[2:]: (light or both, dark or both) for name, light, dark, both in TOKEN.findall(source)}


STANDARD = tokens(SHEET.partition('html[data-palette="safe"]')[0])
SAFE = STANDARD | tokens(SHEET.partition('html[data-palette="safe"]')[2].partition("}")[0])


def luminance(color: str) -> float:
    parts = (int(color[place : place + 2], 16) / 255 for place in (1, 3, 5))
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def test_contrast_knows_black_on_white() -> None:
    assert round(contrast("#000000", "#ffffff"), 1) == 21.0


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("palette", [STANDARD, SAFE], ids=["standard", "safe"])
def test_text_can_be_read_on_every_ground_it_stands_on(palette: dict[str, tuple[str, str]], theme: str) -> None:
    """R-LIGHT"""
    side = THEMES[theme]
    pairs = [(text, ground) for text, grounds in TEXT_ON.items() for ground in grounds]
    faint = {f"{text} on {ground}": contrast(palette[text][side], palette[ground][side]) for text, ground in pairs}
    faint |= {f"white on {ground}": contrast("#ffffff", palette[ground][side]) for ground in WHITE_ON}

    assert {pair: round(ratio, 2) for pair, ratio in faint.items() if ratio < 4.5} == {}


def test_code_to_scan_stands_on_white_in_both_themes() -> None:
    """It is drawn black, and a scanner sees nothing of it on the dark page."""
    screens = (ROOT / "static/css/screens.css").read_text()

    assert re.search(r"\.qr { [^}]*background: #fff;", screens)
