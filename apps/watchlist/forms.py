"""What people type about their lists."""

from __future__ import annotations

import re

from django import forms

from .services import LONGEST_NAME

MOST_TEXT = 4000


class NameForm(forms.Form):
    name = forms.CharField(max_length=LONGEST_NAME)


class PlaceForm(forms.Form):
    """Where a removed symbol comes back to."""

    symbol = forms.CharField(max_length=64)
    place = forms.IntegerField(min_value=0, max_value=10_000)


def symbols_in(text: str) -> list[str]:
    """What stands between commas, semicolons, spaces and line ends."""
    return [part for part in re.split(r"[\s,;]+", text[:MOST_TEXT]) if part]
